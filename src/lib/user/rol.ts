/** What an account may do: be a guest, a host, or both. The same words in the tables and on the wire. */
export const ROLES = ['HUESPED', 'ANFITRION', 'AMBOS'] as const;
export type Rol = (typeof ROLES)[number];
