import { AppError } from '../errors.ts';
import type { Surroundings } from '../session/device.ts';
import type { Session } from '../session/session.ts';
import type { SessionFile } from '../session/session-file.ts';
import type { SessionService } from '../session/session-service.ts';
import { newToken } from '../session/session-token.ts';
import type { Account } from '../user/user-repository.ts';
import type { LookUp } from './account-service.ts';
import type { LoginLimiter } from './login-limiter.ts';
import { profileOf } from './profile.ts';

/** Whose credentials were verified. */
export interface CredentialVerifier {
  /**
   * @param options.found the account, where it is looked for already
   * @param options.meanwhile called while the password is tested
   * @throws AppError `wrong_credentials`
   */
  verify(
    email: string,
    password: string,
    options: { found: LookUp | undefined; meanwhile: () => void },
  ): Promise<Account>;
}

export interface SignInParts {
  readonly accounts: CredentialVerifier;
  /** The account, where it is looked for already. */
  readonly found?: LookUp;
  /** Counts the attempt. */
  readonly limiter: LoginLimiter;
  readonly sessions: SessionService;
  /** Called while the password is tested. */
  readonly meanwhile?: () => void;
  /** Where the token is kept; without it nothing is written. */
  readonly file?: SessionFile;
  /** The name of the server that the sessions live on. */
  readonly server: string;
}

/** From an e-mail and a password to a session that the next command finds. */
export class SignInService {
  readonly #parts: SignInParts;

  constructor(parts: SignInParts) {
    this.#parts = parts;
  }

  /**
   * Verifies the credentials, starts a session and writes the token file, if there is one. A session whose token
   * could not be kept is ended again.
   * @throws AppError `wrong_credentials`, `too_many_attempts`, `token_file_unsafe`, `token_file_unwritable`, or of an
   *   engine
   */
  async signIn(email: string, password: string, surroundings: Surroundings): Promise<Session> {
    const { accounts, found, limiter, sessions, meanwhile, file, server } = this.#parts;
    file?.refuseUnsafe();
    let drawn: string | undefined;
    const prepare = () => {
      meanwhile?.();
      drawn = newToken();
    };
    const account = await limiter.attempt(email, () =>
      accounts.verify(email, password, { found, meanwhile: prepare }),
    );
    const session = await sessions.start(profileOf(account), surroundings, drawn);
    const { token, mark, wire } = session;
    try {
      file?.write({ token, mark, email: wire.email, userId: wire.user_id, server });
    } catch (error) {
      const isEnded = await sessions.end(token, wire.user_id).then(
        () => true,
        () => false,
      );
      throw isEnded ? error : sessionLeft(error);
    }
    return session;
  }
}

/** The same, but that the session could not be ended either: nobody knows its token, so it ends by its lifetime. */
function sessionLeft(error: unknown): unknown {
  return error instanceof AppError ? new AppError(error.reason, { ...error.params, left: 1 }) : error;
}
