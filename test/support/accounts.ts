import { randomBytes } from 'node:crypto';
import type { User } from './cli.ts';

export interface Account {
  email: string;
  password: string;
  nombre: string;
  rol: 'HUESPED' | 'ANFITRION' | 'AMBOS';
}

/** Somebody whom nobody has met: tests share one database. */
export function newAccount(over: Partial<Account> = {}): Account {
  const id = randomBytes(6).toString('hex');
  return {
    email: `user-${id}@example.com`,
    password: `word-${randomBytes(9).toString('base64url')}`,
    nombre: 'Ana Pérez',
    rol: 'HUESPED',
    ...over,
  };
}

/** Makes an account by the command for it. */
export async function register(user: User, over: Partial<Account> = {}): Promise<Account> {
  const account = newAccount(over);
  const { email, nombre, rol, password } = account;
  const flags = ['--email', email, '--nombre', nombre, '--rol', rol, '--password-stdin'];
  await succeed(user, ['register', ...flags], password);
  return account;
}

/** Signs in by the command for it: to an account, or to a new one. */
export async function signIn(user: User, account?: Account): Promise<Account> {
  const whose = account ?? (await register(user));
  await succeed(user, ['login', '--email', whose.email, '--password-stdin'], whose.password);
  return whose;
}

async function succeed(user: User, args: string[], password: string): Promise<void> {
  const { code, stderr } = await user.run(args, { input: `${password}\n` });
  if (code !== 0) throw new Error(`airbnb ${args[0]} exited with ${code}:\n${stderr}`);
}
