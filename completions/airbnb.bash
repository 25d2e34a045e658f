# Completion of airbnb for bash, from "airbnb completion bash".

_airbnb() {
  local answer line first IFS=$' \t\n'
  COMPREPLY=()
  # What counts is the end of the answer: the process behind it may have to wait for the look-up of a name.
  answer=$(sh -c 'airbnb __complete bash "$@" &' sh "${COMP_LINE:0:COMP_POINT}" "$2" 2>/dev/null)
  case $answer in
    words*)
      # Sessions come newest first; a bash before 4.4 puts them in the order of their ids.
      compopt -o nosort 2>/dev/null
      while IFS= read -r line; do COMPREPLY+=("$line"); done <<<"${answer#*$'\n'}"
      ;;
    files*)
      compopt -o default 2>/dev/null
      ;;
    command*)
      for ((first = 1; first < COMP_CWORD; first++)); do
        [[ ${COMP_WORDS[first]} == -- ]] && break
      done
      ((first++))
      if declare -F _command_offset >/dev/null; then
        _command_offset "$first"
        return
      fi
      compopt -o default 2>/dev/null
      ((COMP_CWORD == first)) || return
      while IFS= read -r line; do
        [[ -n $line ]] && COMPREPLY+=("$line")
      done <<<"$(compgen -c -- "$2")"
      ;;
  esac
}

complete -F _airbnb airbnb
