import { profileOf } from '../auth/profile.ts';
import { fromWireTime } from '../session/wire-time.ts';
import type { Account } from '../user/user-repository.ts';

/** An account under `--json`: the wire names of a session's account part. Never the hash. */
export function profileJson(account: Account) {
  const profile = profileOf(account);
  return { ...profile, creado_en: fromWireTime(profile.creado_en)?.toISOString() ?? null };
}
