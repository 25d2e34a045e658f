/** A command line of `airbnb` as it is typed into a shell. */
export interface CommandLine {
  readonly args: readonly string[];
  /** Variables that are set in front of the command. */
  readonly env?: Readonly<Record<string, string>>;
  /** Whether the password is piped in; it is a secret, so that only the name of its variable is shown. */
  readonly pipesPassword?: boolean;
}

/** @example typed({ args: ['whoami'], env: { AIRBNB_SESSION_TTL: '3' } }) // 'AIRBNB_SESSION_TTL=3 airbnb whoami' */
export function typed({ args, env = {}, pipesPassword = false }: CommandLine): string {
  const settings = Object.entries(env).map(([name, value]) => `${name}=${quoted(value)}`);
  const command = [...settings, 'airbnb', ...args.map(quoted)].join(' ');
  return pipesPassword ? `printf '%s\\n' "$PASSWORD" | ${command}` : command;
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
