import type { ErrorParams, Reason } from '../errors.ts';
import { harmless } from '../ui/terminal-text.ts';
import { codeWords } from './code-words.ts';
import { defineTexts, type Language } from './language.ts';

/** What went wrong, in one sentence, and what to type next. */
export interface ErrorText {
  readonly message: string;
  readonly hint?: string;
}

type ErrorTexts = { readonly [R in Reason]: (params: ErrorParams) => ErrorText };

/** Picks the words for `params.problem`, so that each is a sentence of its own and none is glued together. */
function byProblem<T>(params: ErrorParams, words: Record<string, T>, otherwise: T): T {
  return words[String(params.problem)] ?? otherwise;
}

/** The same for `params.detail`, by which engines tell more. */
function byDetail<T>(params: ErrorParams, words: Record<string, T>, otherwise: T): T {
  return words[String(params.detail)] ?? otherwise;
}

const engineName = (params: ErrorParams) => (params.engine === 'postgres' ? 'PostgreSQL' : 'Redis');
/** Which server failed, and of what; nothing where that is not known. The embedded ones have no name. */
function whereAndWhy({ server, detail }: ErrorParams, language: Language): string {
  const at = { en: 'at', es: 'en' }[language];
  const where = server === undefined || server === 'embedded' ? '' : ` ${at} ${harmless(server)}`;
  if (detail === undefined) return where;
  const words = codeWords[language][detail];
  return `${where}${words === undefined ? '' : `: ${words}`} (${detail})`;
}

/** The setting that led to the engine. */
const engineSetting = (params: ErrorParams) =>
  params.via ?? (params.engine === 'postgres' ? 'DATABASE_URL' : 'REDIS_URL');

/** What to do while a Redis is away for which a stand-in may run, or does. */
const whileAway = (params: ErrorParams, words: Record<'possible' | 'running', string>) =>
  words[params.standsIn as 'possible' | 'running'] ?? '';

/** Where one side may speak TLS and the other not: a server that does drops who does not, one that does not stays silent. */
function mindTls({ server, detail }: ErrorParams, words: Record<'with' | 'without', string>): string {
  if (detail === 'ECONNRESET' && String(server).startsWith('redis://')) return words.without;
  const isDropped = detail === 'ECONNRESET' || detail === 'ETIMEDOUT';
  return isDropped && String(server).startsWith('rediss://') ? words.with : '';
}

/** Ends a hint. Doctor itself does not send people to itself. */
const tellsMore = {
  en: ({ saidBy }: ErrorParams) => (saidBy === 'doctor' ? '.' : ': "airbnb doctor" tells more.'),
  es: ({ saidBy }: ErrorParams) => (saidBy === 'doctor' ? '.' : ': "airbnb doctor" dice más.'),
};

/** Valkey is told apart from Redis, as their versions are. */
const productName = (params: ErrorParams) => params.product ?? engineName(params);

/** The column or table that a schema's problem is about. */
const placeIn = ({ table, column }: ErrorParams) => [table, column].filter(Boolean).join('.');

/** A wait in the largest unit that suits it, rounded up: `45 seconds`, `3 minutes`. */
function waitInWords(seconds: unknown, language: Language): string {
  const [unit, size] = Number(seconds) <= 90 ? (['second', 1] as const) : (['minute', 60] as const);
  const format = new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'long' });
  return format.format(Math.ceil(Number(seconds) / size));
}

/** What mends a session that is gone. To sign in again changes the token file, and not AIRBNB_TOKEN, which wins. */
const signInAgain = {
  en: ({ source }: ErrorParams) =>
    source === 'env'
      ? 'Set AIRBNB_TOKEN to a new token, which "airbnb login --token-only" prints, or unset it to use the token file.'
      : 'Sign in again with "airbnb login".',
  es: ({ source }: ErrorParams) =>
    source === 'env'
      ? 'Da a AIRBNB_TOKEN un token nuevo, que imprime "airbnb login --token-only", o quítala para usar el archivo del token.'
      : 'Inicia sesión otra vez con "airbnb login".',
};

/** A command as it is typed; the program itself has none. */
const typed = (command: unknown) => (command ? `airbnb ${command}` : 'airbnb');

/** The command that shows how a command is used. */
const usage = (command: unknown) => `${typed(command)} --help`;

/** The command that makes a token file or its folder safe again. */
function mendingCommand({ path, problem }: ErrorParams): string | undefined {
  const quoted = `'${String(path).replaceAll("'", "'\\''")}'`;
  return {
    symlink: `rm ${quoted}`,
    not_a_file: `rm ${quoted}`,
    folder: `rmdir ${quoted}`,
    foreign_owner: `sudo chown "$(id -u)" ${quoted}`,
    open_bits: `chmod 600 ${quoted}`,
    unreadable: `chmod 600 ${quoted}`,
    folder_shared: 'unset AIRBNB_SESSION_FILE',
    folder_foreign_owner: `sudo chown "$(id -u)" ${quoted}`,
    folder_open_bits: `chmod 700 ${quoted}`,
  }[String(problem)];
}

export const errorTexts = defineTexts<ErrorTexts>({
  en: {
    internal: () => ({
      message: 'Something went wrong that should not have: this is a bug.',
      hint: 'Run it again with AIRBNB_TRACE=1 and report what it prints.',
    }),
    output_unwritable: ({ code }) => ({
      message: `The output could not be written (${code}).`,
      hint: 'Make room where it goes, or send it elsewhere.',
    }),
    token_file_unwritable: ({ path, code, left }) => ({
      message: `The token file ${path} could not be written (${code}).${left ? ' The session that was started could not be ended either, and ends by its lifetime.' : ''}`,
      hint: 'Make room or give yourself the right to write there, or move it with AIRBNB_SESSION_FILE.',
    }),
    completion_file_unusable: (params) => ({
      message: byProblem(
        params,
        {
          foreign: `The file ${params.path} is not of "airbnb completion --install" and stays as it is.`,
          read_only: `The file ${params.path} is read-only; nothing was changed.`,
          dangling: `The link ${params.path} leads nowhere; nothing was changed.`,
          not_a_file: `${params.path} is not a file; nothing was changed.`,
        },
        `The file ${params.path} could not be changed (${params.code}); nothing was changed.`,
      ),
      hint: 'Make room for it, or load what "airbnb completion SHELL" prints where your shell starts.',
    }),
    email_taken: () => ({
      message: 'There is already an account with this e-mail.',
      hint: 'Sign in with "airbnb login", or register another e-mail.',
    }),
    unknown_session: ({ id }) => ({
      message: `No session of yours has the id ${id}; no session was ended.`,
      hint: 'List your sessions with "airbnb sessions list".',
    }),
    ambiguous_session: ({ id }) => ({
      message: `More than one session begins with ${id}; no session was ended.`,
      hint: 'Give more digits of the id: "airbnb sessions list" shows them all.',
    }),
    unknown_account: () => ({
      message: 'There is no account with this e-mail.',
      hint: 'Create one with "airbnb register".',
    }),
    declined: () => ({ message: 'Nothing was done.' }),
    local_engine_failed: ({ log, detail }) => ({
      message: `The embedded engines did not start${detail ? ` (${detail})` : ''}.`,
      hint: log
        ? `See ${log}, or configure real servers with REDIS_URL and DATABASE_URL.`
        : 'Configure real servers with REDIS_URL and DATABASE_URL.',
    }),
    unknown_command: ({ command, nearest }) => ({
      message: command ? `There is no command "${command}".` : 'There is no such command.',
      hint: `${nearest ? `Did you mean "airbnb ${nearest}"? ` : ''}See the commands with "airbnb --help".`,
    }),
    unknown_flag: ({ flag, command, nearest }) => ({
      message: flag ? `There is no flag ${flag} here.` : 'There is no such flag here.',
      hint: `${nearest ? `Did you mean ${nearest}? ` : ''}See the flags with "${usage(command)}".`,
    }),
    unexpected_argument: ({ command }) => ({
      message: `"airbnb ${command}" was given an argument that it does not take.`,
      hint: `See how it is used with "${usage(command)}".`,
    }),
    missing_argument: ({ name, command, expected }) => ({
      message: `The argument ${name} is missing.`,
      hint: `${expected ? `Possible values: ${expected}. ` : ''}See how it is used with "${usage(command)}".`,
    }),
    missing_flag: ({ flag, command }) => ({
      message: `The flag ${flag} is missing, and there is nobody to ask.`,
      hint:
        flag === '--password-stdin'
          ? `Give it, or --password-file with a file: see "${usage(command)}".`
          : `Give it, or see "${usage(command)}".`,
    }),
    missing_value: ({ flag, command }) => ({
      message: flag ? `The flag ${flag} needs a value.` : 'A flag needs a value.',
      hint: `See the flags with "${usage(command)}".`,
    }),
    superfluous_value: ({ flag, command }) => ({
      message: `The flag ${flag} takes no value.`,
      hint: `Leave the value out, or see "${usage(command)}".`,
    }),
    invalid_value: ({ flag, expected }) => ({
      message: flag ? `The value of ${flag} cannot be used.` : 'A value cannot be used.',
      ...(expected ? { hint: `Possible values: ${expected}.` } : {}),
    }),
    conflicting_flags: (params) => ({
      message: byProblem(
        params,
        { twice: `The flag ${params.flags} was given more than once.` },
        `The flags ${params.flags} do not go together.`,
      ),
      hint: 'Leave one of them out.',
    }),
    token_as_argument: () => ({
      message: 'A token is a secret and never an argument; it was not used.',
      hint: 'Name a session by its id, as "airbnb sessions list" shows it.',
    }),
    confirmation_required: ({ flag }) => ({
      message: 'This needs to be confirmed, and there is nobody to ask.',
      hint: `Confirm it with ${flag ?? '--yes'}.`,
    }),
    json_refused: ({ command }) => ({
      message: `"${typed(command)}" has no result that it could print as JSON.`,
      hint: 'Leave --json out.',
    }),
    nothing_to_run: () => ({
      message: 'There is no command to run.',
      hint: 'Write it behind two dashes: airbnb exec -- COMMAND ARGUMENTS',
    }),
    not_utf8: () => ({
      message: 'A word behind "--" is not UTF-8 and would reach the command changed; nothing was run.',
      hint: 'Put such a word into a script, and run that: airbnb exec -- sh SCRIPT',
    }),
    invalid_email: () => ({
      message: 'This is not an e-mail address that can be used.',
      hint: 'Give one such as ana@example.com, of at most 254 characters.',
    }),
    invalid_nombre: () => ({
      message: 'This name cannot be used.',
      hint: 'Give 1 to 200 characters that can be seen, without control, text-direction or hidden ones.',
    }),
    invalid_password: (params) => ({
      message: byProblem(
        params,
        {
          too_short: 'The password is too short.',
          too_long: 'The password is too long.',
          nul: 'The password contains a NUL character.',
          common: 'The password is one of the most common ones.',
        },
        'This password cannot be used.',
      ),
      hint: 'Choose one of at least 8 characters and at most 72 bytes that others would not think of.',
    }),
    password_input: (params) => ({
      message: byProblem(
        params,
        {
          empty: `The password that ${params.flag} reads is empty.`,
          too_long: `What ${params.flag} reads is far too long for a password.`,
          not_utf8: `The password that ${params.flag} reads is not UTF-8.`,
          two_lines: `What ${params.flag} reads has to be two lines: the old password and the new one.`,
          terminal: `A terminal would show the password that ${params.flag} reads.`,
          late: `The password that ${params.flag} waits for did not come.`,
          unreadable: `What ${params.flag} reads from cannot be read (${params.code}).`,
          not_a_file: `What ${params.flag} names is not a file.`,
        },
        `The password that ${params.flag} reads cannot be used.`,
      ),
      hint:
        params.problem === 'terminal'
          ? `Leave ${params.flag} out to be asked for it.`
          : params.flag === '--password-file'
            ? 'Name a file that you can read and that holds nothing else.'
            : params.problem === 'two_lines'
              ? 'With --password-stdin they come on standard input: printf "%s\\n%s\\n" "$OLD" "$NEW" | airbnb password --password-stdin'
              : 'With --password-stdin it comes on standard input: printf "%s\\n" "$PASSWORD" | airbnb ...',
    }),
    never: ({ source }) =>
      source === 'env'
        ? {
            message: 'You are not signed in: AIRBNB_TOKEN is empty.',
            hint: 'Set it to a token, which "airbnb login --token-only" prints, or unset it to use the token file.',
          }
        : { message: 'You are not signed in.', hint: 'Sign in with "airbnb login".' },
    expired: (params) => ({ message: 'Your session has expired.', hint: signInAgain.en(params) }),
    revoked: (params) => ({ message: 'Your session was revoked.', hint: signInAgain.en(params) }),
    other_server: ({ server, isBack }) => ({
      message: isBack
        ? `Redis (${server}) is back, and your session is only in the memory of this machine.`
        : `Your session belongs to another server${server ? ` (${server})` : ''}; nothing was sent to this one.`,
      hint: isBack
        ? 'Sign in again with "airbnb login"; "airbnb logout --local" forgets the token.'
        : 'Select that server again, or sign in here with "airbnb login"; "airbnb logout --local" forgets the token.',
    }),
    malformed: ({ path }) => ({
      message: path
        ? `The token file ${path} does not hold a session.`
        : 'AIRBNB_TOKEN does not hold a token.',
      hint: path
        ? 'Sign in again with "airbnb login".'
        : 'Set it to a token, or unset it and sign in with "airbnb login".',
    }),
    token_key: (params) => ({
      message: byProblem(
        params,
        {
          plain: `The token file ${params.path} is not sealed, although a key is set.`,
          sealed: `The token file ${params.path} is sealed, and no key is set.`,
        },
        `The token file ${params.path} was sealed with another key, or it was changed; it was kept.`,
      ),
      hint: byProblem(
        params,
        { plain: 'Sign in again with "airbnb login", which seals it.' },
        'Set AIRBNB_TOKEN_KEY or AIRBNB_TOKEN_KEY_FILE to the key that sealed it, or sign in again with "airbnb login"; "airbnb logout --local" removes it.',
      ),
    }),
    corrupt: (params) => ({
      message: 'Your session is damaged on the server and cannot be used.',
      hint: signInAgain.en(params),
    }),
    expires_soon: ({ expires_in, minimum, ttl }) => ({
      message: `Your session ends in ${expires_in} s, which is less than ${minimum} s.`,
      hint:
        ttl === undefined
          ? 'Refresh it with "airbnb whoami", or sign in again with "airbnb login".'
          : `A session lasts for ${ttl} s here: set AIRBNB_SESSION_TTL to more than ${minimum} for every command, login included.`,
    }),
    wrong_credentials: (params) => ({
      message: byProblem(
        params,
        {
          old_password: 'The old password is wrong.',
          embedded:
            'Wrong e-mail or password, by the embedded database of this machine: no server is configured.',
        },
        'Wrong e-mail or password.',
      ),
      hint: byProblem(
        params,
        {
          old_password:
            'Try again; whoever runs the database can set a new one with "airbnb db set-password".',
          embedded:
            'Set DATABASE_URL and REDIS_URL to use real servers, or create an account with "airbnb register".',
        },
        'Try again, or create an account with "airbnb register".',
      ),
    }),
    unreachable: (params) => ({
      message: `${engineName(params)} cannot be reached${whereAndWhy(params, 'en')}${
        params.standsIn === 'failed' ? `, and its stand-in on this machine did not start (${params.why})` : ''
      }.`,
      hint: `Check that it runs and that ${engineSetting(params)} names it${tellsMore.en(params)}${mindTls(
        params,
        {
          with: ' rediss:// asks for TLS: does this port speak it?',
          without: ' If this port speaks TLS, write rediss://.',
        },
      )}${whileAway(params, {
        possible:
          ' A session that it issued is good again when it is back; until then "airbnb login" starts one in the memory of this machine.',
        running:
          ' A session that it issued is good again when it is back; until then a stand-in on this machine takes its place, where "airbnb login" starts one.',
      })}`,
    }),
    refusing_work: (params) => ({
      message: `${engineName(params)} answers but refuses the work${whereAndWhy(params, 'en')}.`,
      hint: `Try again later, or tell whoever runs it${tellsMore.en(params)}`,
    }),
    misconfigured: (params) => ({
      message: `${engineName(params)} does not accept how it is addressed${whereAndWhy(params, 'en')}.`,
      hint: byDetail(
        params,
        {
          MOVED: 'It is a node of a cluster: set REDIS_CLUSTER to some of its nodes instead of REDIS_URL.',
          ASK: 'It is a node of a cluster: set REDIS_CLUSTER to some of its nodes instead of REDIS_URL.',
          NOCLUSTER: 'It is no node of a cluster: set REDIS_URL instead of REDIS_CLUSTER.',
          NOSENTINEL: 'It is no sentinel: set REDIS_SENTINELS to sentinels, or REDIS_URL to this server.',
          NOMASTER:
            'The sentinels know no primary of this name: set REDIS_MASTER_NAME to one that they watch.',
        },
        `Check the user, the password, the name of the database and the TLS settings that go with ${engineSetting(params)}${tellsMore.en(params)}`,
      ),
    }),
    local_engine_stuck: () => ({
      message: 'The embedded engines are running but do not answer.',
      hint: 'End them with "airbnb local stop"; the next command starts them again.',
    }),
    too_many_attempts: ({ retry_after }) => ({
      message: 'Too many attempts to sign in; this one was not tested.',
      hint: `Try again in ${waitInWords(retry_after, 'en')}.`,
    }),
    stand_in_session: () => ({
      message:
        'Your session is on this machine while Redis is away, and its token is of no use to other programs.',
      hint: 'Run it again when Redis is back and you have signed in with "airbnb login".',
    }),
    empty_setting: ({ setting, path }) => ({
      message: `${setting} is set but empty${path === undefined ? ' in the environment' : `, in ${path}`}.`,
      hint: `Give ${setting} a value, or unset it: a secret that got lost looks like this.`,
    }),
    invalid_setting: (params) => {
      const { setting, min, max } = params;
      return {
        message: `The value of ${setting} cannot be used.`,
        hint: byProblem(
          params,
          {
            not_a_boolean: `Set ${setting} to 1, true, 0 or false.`,
            not_a_whole_number: `Set ${setting} to a whole number from ${min} to ${max}.`,
            not_a_redis_url: `Set ${setting} to redis://host:port/database, or rediss:// for TLS.`,
            not_a_host: `Set ${setting} to the name or address of a host; a URL goes into ${setting === 'PGHOST' ? 'DATABASE_URL' : 'REDIS_URL'}.`,
            not_a_postgres_url: `Set ${setting} to postgres://user:password@host:port/database.`,
            several_hosts: `Set ${setting} to one host: the PostgreSQL driver takes no more.`,
            not_an_sslmode: 'Set sslmode to disable, prefer, require, verify-ca or verify-full.',
            no_user: `Set ${setting}: the system does not tell who you are.`,
            names_no_server: `Set REDIS_URL as well: ${setting} alone names no server.`,
            not_a_node_list: `Set ${setting} to host:port,host:port, or rediss://host:port,... for TLS; credentials go into REDIS_USERNAME and REDIS_PASSWORD.`,
            mixed_schemes: `Write all servers in ${setting} with rediss://, or none.`,
            cluster_has_one_database: `Unset ${setting}: a cluster has no database but 0.`,
            names_no_master: `Set REDIS_MASTER_NAME as well: ${setting} alone names no primary.`,
            names_no_sentinels: `Set REDIS_SENTINELS as well: ${setting} alone names no server.`,
            not_a_master_name: `Set ${setting} to letters, digits, dots, dashes and underscores, as the sentinels have it.`,
            unreadable_file: `Set ${setting} to a file that you can read.`,
            not_a_key: `Set ${setting} to 32 random bytes in base64, as "openssl rand -base64 32" prints them.`,
            no_key_in_file: `Put nothing into the file of ${setting} but 32 random bytes in base64, as "openssl rand -base64 32" prints them.`,
            unsafe_key_file: `Set ${setting} to a regular file of yours that is closed to others: chmod 600 closes it.`,
          },
          `Correct or unset ${setting}.`,
        ),
      };
    },
    conflicting_settings: (params) => ({
      message: byProblem(
        params,
        { two_keys: `${params.settings} are both set.` },
        `${params.settings} name different Redis servers.`,
      ),
      hint: 'Unset all but one of them.',
    }),
    env_file_unreadable: ({ path, code }) => ({
      message: `The settings file ${path} cannot be read (${code}).`,
      hint: 'Make it readable, or point AIRBNB_ENV_FILE at another file.',
    }),
    embedded_forbidden: ({ setting, both }) => ({
      message: both
        ? 'No server is configured, and strict mode forbids the embedded ones.'
        : `${setting === 'DATABASE_URL' ? 'PostgreSQL' : 'Redis'} is not configured, and strict mode forbids the embedded one.`,
      hint: `Set ${both ? 'REDIS_URL and DATABASE_URL' : setting}, or run without --strict and AIRBNB_STRICT.`,
    }),
    accounts_not_configured: () => ({
      message:
        'Redis is configured but PostgreSQL is not, and accounts of another database must not get its sessions.',
      hint: 'Set DATABASE_URL to the database whose users have their sessions in this Redis.',
    }),
    tables_missing: () => ({
      message: 'The database does not have the tables of airbnb, or not all of their columns.',
      hint: 'Run "airbnb db migrate".',
    }),
    migrations_pending: ({ count }) => ({
      message: `${count === 1 ? '1 migration is' : `${count} migrations are`} pending in the database.`,
      hint: 'Run "airbnb db migrate".',
    }),
    unsupported_schema: (params) => ({
      message: byProblem(
        params,
        {
          column_type: `The database cannot be used as it is: ${placeIn(params)} is of the type ${params.type}.`,
          missing_column: `The database cannot be used as it is: it has no column ${placeIn(params)}.`,
          missing_label: `The database cannot be used as it is: ${placeIn(params)} does not know the value ${params.label}.`,
          duplicate_email:
            'The database cannot be used as it is: some e-mails in usuario differ in case alone.',
          not_a_table: `The database cannot be used as it is: ${placeIn(params)} is not a table.`,
          no_schema: 'The database user has no schema to put the tables in.',
          migrations_differ: 'The database was migrated by a newer version of airbnb, or by another program.',
          rol_value: 'The account has a rol that is none of HUESPED, ANFITRION and AMBOS.',
          id_value: 'The account has an id that is too large.',
          not_inserted: `The database did not take the new row in ${placeIn(params)}.`,
        },
        `The database refused a row in ${placeIn(params) || 'its tables'} (${params.problem}).`,
      ),
      hint: 'Bring it into the form that docs/database.md describes, then run "airbnb db migrate".',
    }),
    unsupported_version: (params) => ({
      message: `${productName(params)} ${params.version} is too old.`,
      hint: `Use ${productName(params)} ${params.minimum} or newer.`,
    }),
    token_file_unsafe: (params) => {
      const { path } = params;
      const command = mendingCommand(params);
      return {
        message: byProblem(
          params,
          {
            symlink: `The token file ${path} is a symbolic link, which could lead anywhere.`,
            not_a_file: `The token file ${path} is not a regular file.`,
            folder: `The token file ${path} is a folder.`,
            foreign_owner: `The token file ${path} belongs to somebody else.`,
            open_bits: `The token file ${path} can be read or written by others.`,
            unreadable: `The token file ${path} cannot be opened.`,
            folder_shared: `The folder ${path} belongs to everybody: it is no place for a token file.`,
            folder_foreign_owner: `The folder ${path} of the token file belongs to somebody else.`,
            folder_open_bits: `The folder ${path} of the token file can be written to by others.`,
          },
          `The token file ${path} is not safe.`,
        ),
        ...(command ? { hint: `Mend it with: ${command}` } : {}),
      };
    },
    local_folder_unsafe: (params) => ({
      message: byProblem(
        params,
        {
          symlink: `The folder ${params.path} of the embedded engines is a symbolic link.`,
          not_a_folder: `${params.path}, where the embedded engines have their folder, is no folder.`,
          owner: `The folder ${params.path} of the embedded engines belongs to somebody else.`,
          mode: `The folder ${params.path} of the embedded engines is open to others.`,
          too_long: `The path ${params.path} of the embedded engines is too long for a socket.`,
        },
        `The folder ${params.path} of the embedded engines is not safe to use.`,
      ),
      hint: 'It has to be yours, closed to others and no symbolic link: move it away, or set XDG_RUNTIME_DIR to a folder of yours with a short path.',
    }),
    home_missing: () => ({
      message: 'There is no home folder: HOME is not an absolute path.',
      hint: 'Set HOME to your home folder.',
    }),
    not_executable: ({ program, code }) => ({
      message: `${program} cannot be executed (${code}).`,
      hint: 'Give it the right to be executed, or run the program that reads it: airbnb exec -- sh FILE',
    }),
    not_found: ({ program }) => ({
      message: `${program} was not found.`,
      hint: 'Check how it is spelled, and that PATH leads to it. What only a shell knows goes through one: airbnb exec -- sh -c "..."',
    }),
    interrupted: () => ({ message: 'Interrupted.' }),
    terminated: () => ({ message: 'Terminated.' }),
  },
  es: {
    internal: () => ({
      message: 'Ha fallado algo que no debía fallar: es un error de este programa.',
      hint: 'Repítelo con AIRBNB_TRACE=1 e informa de lo que imprime.',
    }),
    output_unwritable: ({ code }) => ({
      message: `No se pudo escribir la salida (${code}).`,
      hint: 'Libera espacio en su destino, o envíala a otro sitio.',
    }),
    token_file_unwritable: ({ path, code, left }) => ({
      message: `No se pudo escribir el archivo del token ${path} (${code}).${left ? ' La sesión recién creada tampoco se pudo cerrar, y termina por su tiempo de vida.' : ''}`,
      hint: 'Libera espacio o consigue permiso para escribir ahí, o muévelo con AIRBNB_SESSION_FILE.',
    }),
    completion_file_unusable: (params) => ({
      message: byProblem(
        params,
        {
          foreign: `El archivo ${params.path} no es de "airbnb completion --install" y se queda como está.`,
          read_only: `El archivo ${params.path} es de solo lectura; no se ha cambiado nada.`,
          dangling: `El enlace ${params.path} no lleva a ninguna parte; no se ha cambiado nada.`,
          not_a_file: `${params.path} no es un archivo; no se ha cambiado nada.`,
        },
        `El archivo ${params.path} no se pudo cambiar (${params.code}); no se ha cambiado nada.`,
      ),
      hint: 'Hazle sitio, o carga lo que imprime "airbnb completion SHELL" donde arranca tu shell.',
    }),
    email_taken: () => ({
      message: 'Ya hay una cuenta con este correo.',
      hint: 'Inicia sesión con "airbnb login", o registra otro correo.',
    }),
    unknown_session: ({ id }) => ({
      message: `Ninguna sesión tuya tiene el id ${id}; no se cerró ninguna sesión.`,
      hint: 'Mira tus sesiones con "airbnb sessions list".',
    }),
    ambiguous_session: ({ id }) => ({
      message: `Más de una sesión empieza por ${id}; no se cerró ninguna sesión.`,
      hint: 'Da más dígitos del id: "airbnb sessions list" los muestra todos.',
    }),
    unknown_account: () => ({
      message: 'No hay ninguna cuenta con este correo.',
      hint: 'Créala con "airbnb register".',
    }),
    declined: () => ({ message: 'No se hizo nada.' }),
    local_engine_failed: ({ log, detail }) => ({
      message: `Los motores integrados no arrancaron${detail ? ` (${detail})` : ''}.`,
      hint: log
        ? `Mira en ${log}, o configura servidores reales con REDIS_URL y DATABASE_URL.`
        : 'Configura servidores reales con REDIS_URL y DATABASE_URL.',
    }),
    unknown_command: ({ command, nearest }) => ({
      message: command ? `No existe la orden "${command}".` : 'No existe esa orden.',
      hint: `${nearest ? `¿Querías decir "airbnb ${nearest}"? ` : ''}Mira las órdenes con "airbnb --help".`,
    }),
    unknown_flag: ({ flag, command, nearest }) => ({
      message: flag ? `Aquí no existe la opción ${flag}.` : 'Aquí no existe esa opción.',
      hint: `${nearest ? `¿Querías decir ${nearest}? ` : ''}Mira las opciones con "${usage(command)}".`,
    }),
    unexpected_argument: ({ command }) => ({
      message: `"airbnb ${command}" recibió un argumento que no admite.`,
      hint: `Mira cómo se usa con "${usage(command)}".`,
    }),
    missing_argument: ({ name, command, expected }) => ({
      message: `Falta el argumento ${name}.`,
      hint: `${expected ? `Valores posibles: ${expected}. ` : ''}Mira cómo se usa con "${usage(command)}".`,
    }),
    missing_flag: ({ flag, command }) => ({
      message: `Falta la opción ${flag}, y no hay a quién preguntar.`,
      hint:
        flag === '--password-stdin'
          ? `Añádela, o --password-file con un archivo: mira "${usage(command)}".`
          : `Añádela, o mira "${usage(command)}".`,
    }),
    missing_value: ({ flag, command }) => ({
      message: flag ? `La opción ${flag} necesita un valor.` : 'Una opción necesita un valor.',
      hint: `Mira las opciones con "${usage(command)}".`,
    }),
    superfluous_value: ({ flag, command }) => ({
      message: `La opción ${flag} no lleva valor.`,
      hint: `Quita el valor, o mira "${usage(command)}".`,
    }),
    invalid_value: ({ flag, expected }) => ({
      message: flag ? `El valor de ${flag} no sirve.` : 'Un valor no sirve.',
      ...(expected ? { hint: `Valores posibles: ${expected}.` } : {}),
    }),
    conflicting_flags: (params) => ({
      message: byProblem(
        params,
        { twice: `La opción ${params.flags} está más de una vez.` },
        `Las opciones ${params.flags} no van juntas.`,
      ),
      hint: 'Quita una de ellas.',
    }),
    token_as_argument: () => ({
      message: 'Un token es un secreto y nunca un argumento; no se ha usado.',
      hint: 'Nombra la sesión por su id, como lo muestra "airbnb sessions list".',
    }),
    confirmation_required: ({ flag }) => ({
      message: 'Esto hay que confirmarlo, y no hay a quién preguntar.',
      hint: `Confírmalo con ${flag ?? '--yes'}.`,
    }),
    json_refused: ({ command }) => ({
      message: `"${typed(command)}" no tiene un resultado que pueda imprimir como JSON.`,
      hint: 'Quita --json.',
    }),
    nothing_to_run: () => ({
      message: 'No hay ninguna orden que ejecutar.',
      hint: 'Escríbela detrás de dos guiones: airbnb exec -- ORDEN ARGUMENTOS',
    }),
    not_utf8: () => ({
      message:
        'Una palabra detrás de "--" no está en UTF-8 y la orden la recibiría cambiada; no se ejecutó nada.',
      hint: 'Escríbela en un script y ejecuta este: airbnb exec -- sh SCRIPT',
    }),
    invalid_email: () => ({
      message: 'Esta no es una dirección de correo que sirva.',
      hint: 'Da una como ana@example.com, de 254 caracteres como máximo.',
    }),
    invalid_nombre: () => ({
      message: 'Este nombre no sirve.',
      hint: 'Da de 1 a 200 caracteres que se vean, sin los de control, de dirección del texto ni ocultos.',
    }),
    invalid_password: (params) => ({
      message: byProblem(
        params,
        {
          too_short: 'La contraseña es demasiado corta.',
          too_long: 'La contraseña es demasiado larga.',
          nul: 'La contraseña contiene un carácter NUL.',
          common: 'La contraseña es una de las más comunes.',
        },
        'Esta contraseña no sirve.',
      ),
      hint: 'Elige una de al menos 8 caracteres y 72 bytes como máximo que a otros no se les ocurra.',
    }),
    password_input: (params) => ({
      message: byProblem(
        params,
        {
          empty: `La contraseña que lee ${params.flag} está vacía.`,
          too_long: `Lo que lee ${params.flag} es demasiado largo para una contraseña.`,
          not_utf8: `La contraseña que lee ${params.flag} no está en UTF-8.`,
          two_lines: `Lo que lee ${params.flag} deben ser dos líneas: la contraseña anterior y la nueva.`,
          terminal: `Un terminal mostraría la contraseña que lee ${params.flag}.`,
          late: `La contraseña que espera ${params.flag} no llegó.`,
          unreadable: `No se puede leer de donde lee ${params.flag} (${params.code}).`,
          not_a_file: `Lo que nombra ${params.flag} no es un archivo.`,
        },
        `La contraseña que lee ${params.flag} no sirve.`,
      ),
      hint:
        params.problem === 'terminal'
          ? `Quita ${params.flag} para que se te pregunte.`
          : params.flag === '--password-file'
            ? 'Nombra un archivo que puedas leer y que no contenga nada más.'
            : params.problem === 'two_lines'
              ? 'Con --password-stdin llegan por la entrada estándar: printf "%s\\n%s\\n" "$OLD" "$NEW" | airbnb password --password-stdin'
              : 'Con --password-stdin llega por la entrada estándar: printf "%s\\n" "$PASSWORD" | airbnb ...',
    }),
    never: ({ source }) =>
      source === 'env'
        ? {
            message: 'No has iniciado sesión: AIRBNB_TOKEN está vacía.',
            hint: 'Dale un token, que imprime "airbnb login --token-only", o quítala para usar el archivo del token.',
          }
        : { message: 'No has iniciado sesión.', hint: 'Inicia sesión con "airbnb login".' },
    expired: (params) => ({ message: 'Tu sesión ha expirado.', hint: signInAgain.es(params) }),
    revoked: (params) => ({ message: 'Tu sesión ha sido revocada.', hint: signInAgain.es(params) }),
    other_server: ({ server, isBack }) => ({
      message: isBack
        ? `Redis (${server}) ha vuelto, y tu sesión está solo en la memoria de esta máquina.`
        : `Tu sesión es de otro servidor${server ? ` (${server})` : ''}; a este no se le ha enviado nada.`,
      hint: isBack
        ? 'Inicia sesión otra vez con "airbnb login"; "airbnb logout --local" olvida el token.'
        : 'Vuelve a elegir aquel servidor, o inicia sesión aquí con "airbnb login"; "airbnb logout --local" olvida el token.',
    }),
    malformed: ({ path }) => ({
      message: path
        ? `El archivo del token ${path} no contiene una sesión.`
        : 'AIRBNB_TOKEN no contiene un token.',
      hint: path
        ? 'Inicia sesión otra vez con "airbnb login".'
        : 'Dale un token, o quítala e inicia sesión con "airbnb login".',
    }),
    token_key: (params) => ({
      message: byProblem(
        params,
        {
          plain: `El archivo del token ${params.path} no está sellado, aunque hay una clave definida.`,
          sealed: `El archivo del token ${params.path} está sellado, y no hay ninguna clave definida.`,
        },
        `El archivo del token ${params.path} se selló con otra clave, o alguien lo cambió; se conservó.`,
      ),
      hint: byProblem(
        params,
        { plain: 'Vuelve a iniciar sesión con "airbnb login", que lo sella.' },
        'Define AIRBNB_TOKEN_KEY o AIRBNB_TOKEN_KEY_FILE con la clave que lo selló, o vuelve a iniciar sesión con "airbnb login"; "airbnb logout --local" lo borra.',
      ),
    }),
    corrupt: (params) => ({
      message: 'Tu sesión está dañada en el servidor y no se puede usar.',
      hint: signInAgain.es(params),
    }),
    expires_soon: ({ expires_in, minimum, ttl }) => ({
      message: `Tu sesión termina en ${expires_in} s, que es menos de ${minimum} s.`,
      hint:
        ttl === undefined
          ? 'Renuévala con "airbnb whoami", o inicia sesión otra vez con "airbnb login".'
          : `Aquí una sesión dura ${ttl} s: define AIRBNB_SESSION_TTL con más de ${minimum} para todas las órdenes, también para login.`,
    }),
    wrong_credentials: (params) => ({
      message: byProblem(
        params,
        {
          old_password: 'La contraseña anterior no es correcta.',
          embedded:
            'Correo o contraseña incorrectos, según la base de datos integrada de esta máquina: no hay ningún servidor configurado.',
        },
        'Correo o contraseña incorrectos.',
      ),
      hint: byProblem(
        params,
        {
          old_password:
            'Inténtalo otra vez; quien administra la base puede poner otra con "airbnb db set-password".',
          embedded:
            'Define DATABASE_URL y REDIS_URL para usar servidores reales, o crea una cuenta con "airbnb register".',
        },
        'Inténtalo otra vez, o crea una cuenta con "airbnb register".',
      ),
    }),
    unreachable: (params) => ({
      message: `No se puede llegar a ${engineName(params)}${whereAndWhy(params, 'es')}${
        params.standsIn === 'failed' ? `, y su sustituto en esta máquina no arrancó (${params.why})` : ''
      }.`,
      hint: `Comprueba que funciona y que ${engineSetting(params)} lo nombra${tellsMore.es(params)}${mindTls(
        params,
        {
          with: ' rediss:// pide TLS: ¿lo habla este puerto?',
          without: ' Si este puerto habla TLS, escribe rediss://.',
        },
      )}${whileAway(params, {
        possible:
          ' Una sesión que emitió vuelve a valer cuando vuelva; hasta entonces "airbnb login" crea una en la memoria de esta máquina.',
        running:
          ' Una sesión que emitió vuelve a valer cuando vuelva; hasta entonces lo sustituye un motor de esta máquina, en el que "airbnb login" crea una.',
      })}`,
    }),
    refusing_work: (params) => ({
      message: `${engineName(params)} responde pero se niega a trabajar${whereAndWhy(params, 'es')}.`,
      hint: `Inténtalo más tarde, o avisa a quien lo administra${tellsMore.es(params)}`,
    }),
    misconfigured: (params) => ({
      message: `${engineName(params)} no acepta la forma de conectarse${whereAndWhy(params, 'es')}.`,
      hint: byDetail(
        params,
        {
          MOVED:
            'Es un nodo de un clúster: define REDIS_CLUSTER con algunos de sus nodos en lugar de REDIS_URL.',
          ASK: 'Es un nodo de un clúster: define REDIS_CLUSTER con algunos de sus nodos en lugar de REDIS_URL.',
          NOCLUSTER: 'No es un nodo de un clúster: define REDIS_URL en lugar de REDIS_CLUSTER.',
          NOSENTINEL:
            'No es un centinela: define REDIS_SENTINELS con centinelas, o REDIS_URL con este servidor.',
          NOMASTER:
            'Los centinelas no conocen un primario con ese nombre: define REDIS_MASTER_NAME con uno que vigilen.',
        },
        `Revisa el usuario, la contraseña, el nombre de la base y el TLS que acompañan a ${engineSetting(params)}${tellsMore.es(params)}`,
      ),
    }),
    local_engine_stuck: () => ({
      message: 'Los motores integrados están en marcha pero no responden.',
      hint: 'Detenlos con "airbnb local stop"; la próxima orden los arranca de nuevo.',
    }),
    too_many_attempts: ({ retry_after }) => ({
      message: 'Demasiados intentos de iniciar sesión; este no se ha comprobado.',
      hint: `Inténtalo otra vez dentro de ${waitInWords(retry_after, 'es')}.`,
    }),
    stand_in_session: () => ({
      message:
        'Tu sesión está en esta máquina mientras falta Redis, y su token no les sirve a otros programas.',
      hint: 'Repítelo cuando Redis haya vuelto y hayas iniciado sesión con "airbnb login".',
    }),
    empty_setting: ({ setting, path }) => ({
      message: `${setting} está definida pero vacía${path === undefined ? ' en el entorno' : `, en ${path}`}.`,
      hint: `Da un valor a ${setting} o quítala: un secreto perdido se ve así.`,
    }),
    invalid_setting: (params) => {
      const { setting, min, max } = params;
      return {
        message: `El valor de ${setting} no sirve.`,
        hint: byProblem(
          params,
          {
            not_a_boolean: `Da a ${setting} uno de estos valores: 1, true, 0 o false.`,
            not_a_whole_number: `Da a ${setting} un número entero de ${min} a ${max}.`,
            not_a_redis_url: `Da a ${setting} la forma redis://host:puerto/base, o rediss:// con TLS.`,
            not_a_host: `Da a ${setting} el nombre o la dirección de un host; una URL va en ${setting === 'PGHOST' ? 'DATABASE_URL' : 'REDIS_URL'}.`,
            not_a_postgres_url: `Da a ${setting} la forma postgres://usuario:contraseña@host:puerto/base.`,
            several_hosts: `Nombra en ${setting} un solo host: el controlador de PostgreSQL no admite más.`,
            not_an_sslmode:
              'Da a sslmode uno de estos valores: disable, prefer, require, verify-ca o verify-full.',
            no_user: `Define ${setting}: el sistema no dice quién eres.`,
            names_no_server: `Define también REDIS_URL: ${setting} por sí sola no nombra un servidor.`,
            not_a_node_list: `Da a ${setting} la forma host:puerto,host:puerto, o rediss://host:puerto,... con TLS; las credenciales van en REDIS_USERNAME y REDIS_PASSWORD.`,
            mixed_schemes: `Escribe todos los servidores de ${setting} con rediss://, o ninguno.`,
            cluster_has_one_database: `Quita ${setting}: un clúster no tiene más base que la 0.`,
            names_no_master: `Define también REDIS_MASTER_NAME: ${setting} por sí sola no nombra un primario.`,
            names_no_sentinels: `Define también REDIS_SENTINELS: ${setting} por sí sola no nombra un servidor.`,
            not_a_master_name: `Da a ${setting} letras, dígitos, puntos, guiones y guiones bajos, como lo tienen los centinelas.`,
            unreadable_file: `Nombra en ${setting} un archivo que puedas leer.`,
            not_a_key: `Define ${setting} con 32 bytes aleatorios en base64, como los imprime "openssl rand -base64 32".`,
            no_key_in_file: `No pongas en el archivo de ${setting} más que 32 bytes aleatorios en base64, como los imprime "openssl rand -base64 32".`,
            unsafe_key_file: `Nombra en ${setting} un archivo normal, tuyo y cerrado a los demás: chmod 600 lo cierra.`,
          },
          `Corrige o quita ${setting}.`,
        ),
      };
    },
    conflicting_settings: (params) => ({
      message: byProblem(
        params,
        { two_keys: `${params.settings} están definidas las dos.` },
        `${params.settings} nombran servidores Redis distintos.`,
      ),
      hint: 'Deja solo una de ellas.',
    }),
    env_file_unreadable: ({ path, code }) => ({
      message: `No se puede leer el archivo de configuración ${path} (${code}).`,
      hint: 'Hazlo legible, o apunta AIRBNB_ENV_FILE a otro archivo.',
    }),
    embedded_forbidden: ({ setting, both }) => ({
      message: both
        ? 'No hay ningún servidor configurado, y el modo estricto prohíbe los integrados.'
        : `${setting === 'DATABASE_URL' ? 'PostgreSQL' : 'Redis'} no está configurado, y el modo estricto prohíbe el integrado.`,
      hint: `Define ${both ? 'REDIS_URL y DATABASE_URL' : setting}, o ejecuta sin --strict ni AIRBNB_STRICT.`,
    }),
    accounts_not_configured: () => ({
      message:
        'Redis está configurado pero PostgreSQL no, y las cuentas de otra base no deben recibir sus sesiones.',
      hint: 'Define DATABASE_URL con la base cuyos usuarios tienen sus sesiones en este Redis.',
    }),
    tables_missing: () => ({
      message: 'La base de datos no tiene las tablas de airbnb, o no todas sus columnas.',
      hint: 'Ejecuta "airbnb db migrate".',
    }),
    migrations_pending: ({ count }) => ({
      message:
        count === 1
          ? 'A la base de datos le falta 1 migración.'
          : `A la base de datos le faltan ${count} migraciones.`,
      hint: 'Ejecuta "airbnb db migrate".',
    }),
    unsupported_schema: (params) => ({
      message: byProblem(
        params,
        {
          column_type: `La base de datos no sirve tal como está: ${placeIn(params)} es del tipo ${params.type}.`,
          missing_column: `La base de datos no sirve tal como está: no tiene la columna ${placeIn(params)}.`,
          missing_label: `La base de datos no sirve tal como está: ${placeIn(params)} no conoce el valor ${params.label}.`,
          duplicate_email:
            'La base de datos no sirve tal como está: hay correos en usuario que solo difieren en mayúsculas.',
          not_a_table: `La base de datos no sirve tal como está: ${placeIn(params)} no es una tabla.`,
          no_schema: 'El usuario de la base de datos no tiene un esquema donde poner las tablas.',
          migrations_differ: 'La base de datos la migró una versión más nueva de airbnb, u otro programa.',
          rol_value: 'La cuenta tiene un rol que no es HUESPED, ANFITRION ni AMBOS.',
          id_value: 'La cuenta tiene un id demasiado grande.',
          not_inserted: `La base de datos no aceptó la fila nueva en ${placeIn(params)}.`,
        },
        `La base de datos rechazó una fila en ${placeIn(params) || 'sus tablas'} (${params.problem}).`,
      ),
      hint: 'Déjala en la forma que describe docs/database.md y ejecuta "airbnb db migrate".',
    }),
    unsupported_version: (params) => ({
      message: `${productName(params)} ${params.version} es demasiado antiguo.`,
      hint: `Usa ${productName(params)} ${params.minimum} o posterior.`,
    }),
    token_file_unsafe: (params) => {
      const { path } = params;
      const command = mendingCommand(params);
      return {
        message: byProblem(
          params,
          {
            symlink: `El archivo del token ${path} es un enlace simbólico, que podría llevar a cualquier parte.`,
            not_a_file: `El archivo del token ${path} no es un archivo normal.`,
            folder: `El archivo del token ${path} es una carpeta.`,
            foreign_owner: `El archivo del token ${path} es de otra persona.`,
            open_bits: `El archivo del token ${path} lo pueden leer o escribir otros.`,
            unreadable: `El archivo del token ${path} no se puede abrir.`,
            folder_shared: `La carpeta ${path} es de todos: no es lugar para el archivo del token.`,
            folder_foreign_owner: `La carpeta ${path} del archivo del token es de otra persona.`,
            folder_open_bits: `En la carpeta ${path} del archivo del token pueden escribir otros.`,
          },
          `El archivo del token ${path} no es seguro.`,
        ),
        ...(command ? { hint: `Arréglalo con: ${command}` } : {}),
      };
    },
    local_folder_unsafe: (params) => ({
      message: byProblem(
        params,
        {
          symlink: `La carpeta ${params.path} de los motores integrados es un enlace simbólico.`,
          not_a_folder: `${params.path}, donde los motores integrados tienen su carpeta, no es una carpeta.`,
          owner: `La carpeta ${params.path} de los motores integrados es de otra persona.`,
          mode: `La carpeta ${params.path} de los motores integrados está abierta a otros.`,
          too_long: `La ruta ${params.path} de los motores integrados es demasiado larga para un socket.`,
        },
        `La carpeta ${params.path} de los motores integrados no es segura.`,
      ),
      hint: 'Tiene que ser tuya, cerrada a otros y no un enlace: apártala, o define XDG_RUNTIME_DIR con una carpeta tuya de ruta corta.',
    }),
    home_missing: () => ({
      message: 'No hay carpeta personal: HOME no es una ruta absoluta.',
      hint: 'Define HOME con la ruta de tu carpeta personal.',
    }),
    not_executable: ({ program, code }) => ({
      message: `${program} no se puede ejecutar (${code}).`,
      hint: 'Dale permiso de ejecución, o ejecuta el programa que lo lee: airbnb exec -- sh ARCHIVO',
    }),
    not_found: ({ program }) => ({
      message: `No se encontró ${program}.`,
      hint: 'Revisa cómo está escrito y que PATH lleve hasta él. Lo que solo conoce una shell pasa por ella: airbnb exec -- sh -c "..."',
    }),
    interrupted: () => ({ message: 'Interrumpido.' }),
    terminated: () => ({ message: 'Terminado.' }),
  },
});
