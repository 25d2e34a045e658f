import { AppError } from '../errors.ts';
import type { Rol } from '../user/rol.ts';
import type { Account, UserRepository } from '../user/user-repository.ts';
import { canonicalEmail, validEmail, validNombre } from './account-rules.ts';
import { hashPassword, loadHashing, verifyPassword } from './password-hash.ts';
import { assertGoodPassword } from './password-rules.ts';

export interface Registration {
  readonly email: string;
  readonly nombre: string;
  readonly rol: Rol;
  readonly password: string;
}

/** Milliseconds for which what was found counts: the password may be changed meanwhile. */
const FRESH = 500;

/** An account that is being looked for, so that something else can be waited for meanwhile. */
export class LookUp {
  /** Undefined where there is none. Rejects with an AppError of the engine. */
  readonly account: Promise<Account | undefined>;
  readonly #email: string;
  #foundAt = Number.POSITIVE_INFINITY; // It is still being looked for.
  #hasFailed = false;

  constructor(email: string, account: Promise<Account | undefined>) {
    this.#email = email;
    this.account = account;
    account.then(
      () => {
        this.#foundAt = performance.now();
      },
      () => {
        this.#hasFailed = true; // Who waits for it hears of it.
      },
    );
  }

  /** Whether it is of this e-mail, has not failed so far, and has found nothing so long ago that it may be otherwise now. */
  isGoodFor(email: string): boolean {
    return this.#email === email && !this.#hasFailed && performance.now() - this.#foundAt < FRESH;
  }
}

/**
 * Who someone is: makes accounts, checks and changes passwords. Knows nothing of sessions, and counts nothing: whatever
 * may be asked with a wrong password is called as an attempt of a LoginLimiter.
 */
export class AccountService {
  readonly #users: UserRepository;

  constructor(users: UserRepository) {
    this.#users = users;
  }

  /**
   * Makes an account with the profiles of its rol.
   * @throws AppError `invalid_email`, `invalid_nombre`, `invalid_password` or `email_taken`
   */
  async register({ email, nombre, rol, password }: Registration): Promise<Account> {
    const account = { email: validEmail(email), nombre: validNombre(nombre), rol };
    assertGoodPassword(password);
    // Hashed before the transaction, which would otherwise hold the database up meanwhile.
    return this.#users.insert({ ...account, passwordHash: await hashPassword(password) });
  }

  /** Begins to look for an account, and comes back when that is on its way. Never rejects. */
  async lookUp(email: string): Promise<LookUp> {
    const found = new LookUp(email, this.#users.findByEmail(canonicalEmail(email)));
    // Unless a name has to be looked up, the connection is on its way after two turns.
    for (let turn = 0; turn < 2; turn++) await new Promise(setImmediate);
    return found;
  }

  /**
   * Checks an e-mail and a password, neither of which need follow today's rules.
   * @param options.found the account, where it is looked for already; one that is no good is looked for again
   * @param options.meanwhile called while the password is tested on another thread, if that takes long enough
   * @throws AppError `wrong_credentials` for an unknown e-mail, a wrong password and an account without one: the
   *   same error, after the same query and the same work
   */
  async verify(
    email: string,
    password: string,
    { found, meanwhile }: { found?: LookUp | undefined; meanwhile?: () => void } = {},
  ): Promise<Account> {
    const looking = found?.isGoodFor(email) ? found : await this.lookUp(email);
    await loadHashing(); // while the database looks
    const account = await looking.account;
    const matches = await verifyPassword(password, account?.passwordHash, meanwhile);
    if (!account || !matches) throw new AppError('wrong_credentials');
    return account;
  }

  /**
   * Replaces the password of an account whose owner knows the old one.
   * @throws AppError `invalid_password` (of the new one), `wrong_credentials`, or `unknown_account` where it was
   *   deleted meanwhile
   */
  async changePassword(userId: number, oldPassword: string, newPassword: string): Promise<void> {
    assertGoodPassword(newPassword);
    await this.assertPassword(userId, oldPassword);
    await this.#store(userId, newPassword);
  }

  /**
   * Before its owner is asked for a new one.
   * @throws AppError `wrong_credentials` with the problem `old_password`, or `unknown_account`
   */
  async assertPassword(userId: number, oldPassword: string): Promise<void> {
    const account = await this.#users.findById(userId);
    if (!account) throw new AppError('unknown_account');
    if (await verifyPassword(oldPassword, account.passwordHash)) return;
    throw new AppError('wrong_credentials', { problem: 'old_password' });
  }

  /** Before somebody thinks of a password. @throws AppError `email_taken` */
  async assertFree(email: string): Promise<void> {
    if (await this.#users.findByEmail(canonicalEmail(email))) throw new AppError('email_taken');
  }

  /**
   * Gives an account a password without asking for the old one: for whoever runs the database.
   * @throws AppError `invalid_password` or `unknown_account`
   */
  async setPassword(email: string, newPassword: string): Promise<Account> {
    assertGoodPassword(newPassword);
    const account = await this.#users.findByEmail(canonicalEmail(email));
    if (!account) throw new AppError('unknown_account');
    return { ...account, passwordHash: await this.#store(account.id, newPassword) };
  }

  async #store(userId: number, password: string): Promise<string> {
    const hash = await hashPassword(password);
    if (!(await this.#users.setPasswordHash(userId, hash))) throw new AppError('unknown_account');
    return hash;
  }
}
