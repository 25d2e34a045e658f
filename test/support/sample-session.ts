import { randomInt } from 'node:crypto';
import type { WireSession } from '../../src/lib/session/session.ts';

/** The id of a user whom no other test knows: they share one Redis. */
export function newUserId(): number {
  return randomInt(1, 2 ** 47);
}

/** The ten fields that every client writes, in their order. */
export function sampleSession(over: Partial<WireSession> = {}): WireSession {
  return {
    user_id: newUserId(),
    email: 'user@example.com',
    rol: 'HUESPED',
    auth_user_id: null,
    huesped_id: 123,
    anfitrion_id: null,
    nombre: 'User Name',
    creado_en: '2025-11-16T15:00:00',
    created_at: '2025-11-16T15:00:00',
    last_activity: '2025-11-16T15:01:30',
    ...over,
  };
}
