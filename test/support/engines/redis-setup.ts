import { Redis } from 'ioredis';
import type { RedisOptions } from './engine-factory.ts';

async function ask<T>(port: number, question: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(port, '127.0.0.1', {
    lazyConnect: true,
    enableReadyCheck: false,
    disableClientInfo: true,
    protocol: 2,
    connectTimeout: 1000,
    commandTimeout: 1000,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  // The command that was asked for reports the failure.
  client.on('error', () => {});
  try {
    return await question(client);
  } finally {
    client.disconnect();
  }
}

/** Whether a Redis serves commands on the port by now. */
export async function redisAnswers(port: number): Promise<boolean> {
  try {
    return (await ask(port, (client) => client.ping())) === 'PONG';
  } catch {
    return false;
  }
}

/** Brings users and passwords, which the embedded engine takes at run time only. The default user's come last. */
export async function secure(port: number, { users = [], password }: RedisOptions): Promise<void> {
  if (users.length === 0 && password === undefined) return;
  await ask(port, async (client) => {
    for (const user of users) await client.call('ACL', 'SETUSER', ...user.split(' '));
    if (password !== undefined) await client.config('SET', 'requirepass', password);
  });
}
