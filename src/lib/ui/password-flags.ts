import * as Flags from '@oclif/core/flags';

/** The flags of a command that takes a password. Each command says itself what is read. */
export const passwordFlags = {
  'password-stdin': Flags.boolean(),
  'password-file': Flags.string({ helpValue: '<file>', exclusive: ['password-stdin'] }),
};

/** What was typed for them. */
export interface PasswordSource {
  readonly 'password-stdin': boolean;
  readonly 'password-file'?: string | undefined;
}

/** Whether a password was given by one of them. */
export function givesPassword(flags: PasswordSource): boolean {
  return flags['password-stdin'] || flags['password-file'] !== undefined;
}
