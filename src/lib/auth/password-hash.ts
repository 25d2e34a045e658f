/** Each step doubles the time of a hash; 12 is what the Python system uses. */
const COST = 12;
/** bcrypt looks no further. Cut here for `$2a$` too, where the library's counter of the length wraps around. */
const MAX_BYTES = 72;
/** 4 is bcrypt's least; one over 16 takes many seconds, so whoever wrote it meant harm or made a mistake. */
const HASH = /^\$2[aby]\$(0[4-9]|1[0-6])\$[./A-Za-z0-9]{53}$/;
/** From this cost on a comparison takes longer than what is done meanwhile, which would show by the time otherwise. */
const WORTH_A_WHILE = 8;
/** Salt and digest of no password in particular: what it is compared with is thrown away. */
const NOBODYS_DIGEST = 'Ro0CUfOqk6cXEKf3dyaM7OhSCvnwM9s4wIX9JeLapehKK5YdLxKcm';

/** Loads what tests passwords. It takes as long as a query: who calls it while one is under way loses no time. */
export async function loadHashing(): Promise<typeof import('bcrypt')> {
  return (await import('bcrypt')).default;
}

/** A bcrypt hash of cost 12, `$2b$`. The password must be at most 72 bytes in UTF-8: the rest would not count. */
export async function hashPassword(password: string): Promise<string> {
  const bcrypt = await loadHashing();
  return bcrypt.hash(password, COST);
}

/**
 * Whether the password belongs to the hash. Of a longer one the first 72 bytes count, as in Python's bcrypt. An
 * absent hash, or one that is none of bcrypt's, belongs to no password, and to find that out takes as long as
 * any other mismatch. Never throws on a hash.
 * @param meanwhile called while it is found out, which goes on outside of this thread; not where that ends sooner
 */
export async function verifyPassword(
  password: string,
  hash: string | null | undefined,
  meanwhile = () => {},
): Promise<boolean> {
  const bcrypt = await loadHashing();
  const bytes = Buffer.from(password).subarray(0, MAX_BYTES);
  const known = HASH.exec(hash ?? '');
  const cost = known ? Number(known[1]) : COST;
  // PHP calls the same $2y.
  const comparing = bcrypt.compare(bytes, known ? known[0].replace(/^\$2y/, '$2b') : nobodysHash(COST));
  if (cost >= WORTH_A_WHILE) meanwhile();
  if ((await comparing) && known) return true;
  // A hash of a lower cost failed sooner: 2^c + 2^c + 2^(c+1) + ... + 2^11 rounds are the 2^12 of the others.
  for (let spent = cost; spent < COST; spent++) await bcrypt.compare(bytes, nobodysHash(spent));
  return false;
}

function nobodysHash(cost: number): string {
  return `$2b$${String(cost).padStart(2, '0')}$${NOBODYS_DIGEST}`;
}
