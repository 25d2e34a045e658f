import { setTimeout as pause } from 'node:timers/promises';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { RateLimiterRes, RateLimiterStoreAbstract } from 'rate-limiter-flexible';
import { AppError } from '../errors.ts';
import { canonicalEmail, isAscii } from './account-rules.ts';
import { clientNetwork } from './client-network.ts';
import type { LoginCounters } from './login-counters.ts';

/** How many attempts of one kind there may be. */
export interface AttemptLimit {
  /**
   * Attempts under way and failed ones together. The failure that reaches it, and each after it, calls for a delay,
   * behind which there may be one attempt.
   */
  readonly attempts: number;
  /** Seconds for which failures are remembered, at most a day. */
  readonly memory: number;
}

export interface LoginLimits {
  /** For an e-mail from one address. */
  readonly pair: AttemptLimit;
  /** For one address, whatever the e-mail: many people may share it. */
  readonly address: AttemptLimit;
  /** For one e-mail, wherever from: so loose that only very many addresses together keep its owner out. */
  readonly email: AttemptLimit;
  /** Seconds after which an attempt is forgotten of which nobody said how it ended. */
  readonly window: number;
  /** Seconds of the first delay; each further one is twice as long. */
  readonly firstDelay: number;
  /** Seconds. */
  readonly longestDelay: number;
  /** Milliseconds for which an attempt waits for others that are under way. */
  readonly patience: number;
}

/** docs/security.md explains them. */
export const LOGIN_LIMITS: LoginLimits = {
  pair: { attempts: 5, memory: 86_400 },
  address: { attempts: 100, memory: 3_600 },
  email: { attempts: 500, memory: 3_600 },
  window: 900,
  firstDelay: 60,
  longestDelay: 3_600,
  patience: 15_000,
};

/** Milliseconds between two looks at whether others have ended. */
const LOOK_AGAIN = 200;

/** Stands for the address of whom no server sees come from the network: they are on this machine. */
const NO_ADDRESS = 'local';

/** Where attempts are counted, and where else to ask for the address. */
export interface LoginLimiterParts {
  readonly counters: LoginCounters;
  /** Asked where the counters' server does not tell the address. */
  readonly otherAddress: () => Promise<string | null>;
  readonly limits?: LoginLimits;
}

/**
 * Limits attempts to sign in: strictly for an e-mail from one address, loosely for the address, and most loosely for the
 * e-mail. An attempt is reserved before the password is tested, and given back if that was right, so that many at
 * once test no more passwords than few.
 */
export class LoginLimiter {
  readonly #parts: LoginLimiterParts;
  readonly #limits: LoginLimits;

  constructor(parts: LoginLimiterParts) {
    this.#parts = parts;
    this.#limits = parts.limits ?? LOGIN_LIMITS;
  }

  /**
   * Tests a password as an attempt that counts. `wrong_credentials` is a failure; after any other error the attempt is
   * given back. If a failure cannot be counted, that is the error, and says nothing of the password.
   * @throws AppError `too_many_attempts` with `retry_after`, whole seconds, without a test; what the test throws; of an
   *   engine
   */
  async attempt<T>(email: string, test: () => Promise<T>): Promise<T> {
    const counts = await this.#countsOf(email);
    await this.#reserve(counts);
    let result: T;
    try {
      result = await test();
    } catch (error) {
      const isWrong = error instanceof AppError && error.reason === 'wrong_credentials';
      if (isWrong) await Promise.all(counts.map((count) => count.fail()));
      // What was met first is what there is to tell.
      else await Promise.all(counts.map((count) => count.giveBack())).catch(() => {});
      throw error;
    }
    const [pair, ...others] = counts;
    await Promise.all([pair.reset(), ...others.map((count) => count.giveBack())]);
    return result;
  }

  async #countsOf(email: string): Promise<readonly [pair: Count, address: Count, email: Count]> {
    const { counters, otherAddress } = this.#parts;
    const address = (await counters.open()) ?? (await otherAddress());
    const network = address === null ? NO_ADDRESS : clientNetwork(address);
    const whose = foldEmail(email);
    const count = (name: 'pair' | 'address' | 'email', key: string) =>
      new Count(counters, name, key, this.#limits);
    return [count('pair', `${whose}\n${network}`), count('address', network), count('email', whose)];
  }

  /** The patience is counted in looks: where the machine is too busy to let us look, nobody else gets on either. */
  async #reserve(counts: readonly Count[]): Promise<void> {
    let full = await reserveAll(counts);
    for (let waited = 0; full.length > 0; waited += LOOK_AGAIN) {
      if (waited >= this.#limits.patience || full.some(({ isShut }) => isShut)) throw tooMany(full);
      await pause(LOOK_AGAIN * (0.5 + Math.random()));
      full = fullOnes(await Promise.all(full.map(({ count }) => count.look())));
      if (full.length === 0) full = await reserveAll(counts);
    }
  }
}

/** How one count stands. */
interface Standing {
  readonly count: Count;
  readonly hasRoom: boolean;
  /** Whether it is full of failures, so that there is nothing to wait for but time. */
  readonly isShut: boolean;
  /** Milliseconds. */
  readonly left: number;
}

/** What a count is set to while it is shut: nothing that is under way makes room in it. */
const SHUT = 1_000_000;

/** Attempts of one kind. How they are kept apart from the failures: docs/security.md. */
class Count {
  readonly #key: string;
  readonly #limits: LoginLimits;
  readonly #limit: AttemptLimit;
  /** Those under way and those that failed; or the sign that it is shut, for as long as it is. */
  readonly #attempts: RateLimiterStoreAbstract;
  /** Those that failed, for longer, by which delays grow. */
  readonly #failures: RateLimiterStoreAbstract;
  readonly #isResetBySuccess: boolean;

  constructor(counters: LoginCounters, name: 'pair' | 'address' | 'email', key: string, limits: LoginLimits) {
    const limit = limits[name];
    const { attempts: points, memory } = limit;
    this.#key = hashed(key);
    this.#limits = limits;
    this.#limit = limit;
    this.#isResetBySuccess = name === 'pair';
    this.#attempts = counters.counter({
      keyPrefix: `airbnb:login:${name}`,
      points,
      duration: limits.window,
    });
    this.#failures = counters.counter({
      keyPrefix: `airbnb:login:${name}-failures`,
      points,
      duration: memory,
    });
  }

  /** Takes room for one attempt if there is some. */
  async reserve(): Promise<Standing> {
    return this.#standing(await Promise.all([this.#attempts.penalty(this.#key), this.#failed()]), 0);
  }

  /** Changes nothing. */
  async look(): Promise<Standing> {
    return this.#standing(await Promise.all([this.#attempts.get(this.#key), this.#failed()]), 1);
  }

  /** The attempt that was reserved was none, or no failure. */
  async giveBack(): Promise<void> {
    await this.#attempts.reward(this.#key);
  }

  /**
   * Takes back a reservation for which there was no room. Where a success empties the count meanwhile, it would be taken
   * from those of others; there it is left, as nothing but a success makes room.
   */
  async takeBack({ hasRoom }: Standing): Promise<void> {
    if (hasRoom || !this.#isResetBySuccess) await this.giveBack();
  }

  /** The attempt failed: the reservation stays. */
  async fail(): Promise<void> {
    const { consumedPoints: failures } = await this.#failures.penalty(this.#key);
    const beyond = failures - this.#limit.attempts;
    if (beyond < 0) return;
    const { firstDelay, longestDelay } = this.#limits;
    await this.#attempts.set(this.#key, SHUT, Math.min(firstDelay * 2 ** beyond, longestDelay));
  }

  /** Forgets all attempts. */
  async reset(): Promise<void> {
    await Promise.all([this.#attempts.delete(this.#key), this.#failures.delete(this.#key)]);
  }

  async #failed(): Promise<number> {
    return (await this.#failures.get(this.#key))?.consumedPoints ?? 0;
  }

  /** @param more how many attempts it is to have room for */
  #standing([counted, failures]: [RateLimiterRes | null, number], more: number): Standing {
    const points = counted?.consumedPoints ?? 0;
    const room = failures < this.#limit.attempts ? this.#limit.attempts : 1;
    return {
      count: this,
      hasRoom: points + more <= room,
      isShut: points > SHUT / 2,
      left: counted?.msBeforeNext ?? 0,
    };
  }
}

/** @returns those that had no room, in which case nothing is reserved */
async function reserveAll(counts: readonly Count[]): Promise<Standing[]> {
  const standings = await Promise.all(counts.map((count) => count.reserve()));
  const full = fullOnes(standings);
  if (full.length > 0) await Promise.all(standings.map((each) => each.count.takeBack(each)));
  return full;
}

function fullOnes(standings: readonly Standing[]): Standing[] {
  return standings.filter(({ hasRoom }) => !hasRoom);
}

function tooMany(full: readonly Standing[]): AppError {
  const seconds = Math.ceil(Math.max(...full.map(({ left }) => left)) / 1000);
  return new AppError('too_many_attempts', { retry_after: Math.max(1, seconds) });
}

/**
 * Spellings that some database takes for the same e-mail count as one: `lower()` makes an i of İ in some locales. That
 * different e-mails may do so too does no harm.
 */
function foldEmail(email: string): string {
  const canonical = canonicalEmail(email);
  const bare = isAscii(canonical) ? canonical : canonical.normalize('NFKD').replace(/\p{M}/gu, '');
  return bare.toLowerCase();
}

/** By a library in JavaScript, as Node takes longer to load its own crypto than all else takes between here and the test. */
function hashed(text: string): string {
  return bytesToHex(sha256(utf8ToBytes(text)));
}
