# Completion of airbnb for fish, from "airbnb completion fish".

function __airbnb_complete
    set -l before (commandline -opc)
    set -l typed (commandline -ct)
    set -l current (string unescape -- "$typed"; or echo -- "$typed")
    # What counts is the end of the answer, for which cat waits: the process behind it may have to wait for the look-up
    # of a name.
    set -l answer (sh -c 'airbnb __complete fish "$@" &' sh $before[2..-1] "$current" 2>/dev/null | cat)
    switch "$answer[1]"
        case words
            printf '%s\n' $answer[2..-1]
        case files
            set -l flag (string match -r -- '^-[^=]*=' "$current")
            for path in (__fish_complete_path (string replace -r -- '^-[^=]*=' '' "$current"))
                printf '%s%s\n' "$flag" "$path"
            end
        case 'command *'
            set -l first (math (string replace 'command ' '' -- $answer[1]) + 2)
            complete -C (string join ' ' -- (string escape -- $before[$first..-1]) "$typed")
    end
end

complete -c airbnb -f -k -a '(__airbnb_complete)'
