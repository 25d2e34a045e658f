import type { Profile } from '../session/session-service.ts';
import type { Account } from '../user/user-repository.ts';

/** What a session keeps of an account, by its wire names. */
export function profileOf(account: Account): Profile {
  return {
    user_id: account.id,
    email: account.email,
    rol: account.rol,
    auth_user_id: account.authUserId,
    huesped_id: account.huespedId,
    anfitrion_id: account.anfitrionId,
    nombre: account.nombre,
    creado_en: account.creadoEn,
  };
}
