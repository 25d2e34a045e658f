import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type FlightProxy, startProxy } from '../test/support/flight-proxy.ts';
import { startRedis } from './bench-engines.ts';
import { type SignedInUser, signedInUser } from './signed-in-user.ts';
import { table } from './table.ts';

const BINARY = join(__dirname, '..', 'bin', 'run.js');
const PASSWORD = 'bench';
const DATABASE = 3;

/** How many times a command waits for Redis, counted at a proxy; password and database number included. */
export async function flights(): Promise<string> {
  const { engine, name } = await startRedis({ password: PASSWORD });
  const proxy = await startProxy(`${engine.url.replace('//', `//:${PASSWORD}@`)}/${DATABASE}`);
  try {
    const user = await signedInUser(proxy.url);
    try {
      const rows: string[][] = [];
      for (const args of [['whoami'], ['sessions', 'list'], ['logout']]) {
        rows.push([`airbnb ${args.join(' ')}`, String(await countFlights(proxy, user, args))]);
      }
      return `Flights to Redis, by the token file (${name})\n\n${table(['', 'flights'], rows)}`;
    } finally {
      await user.remove();
    }
  } finally {
    await proxy.close();
    await engine.dispose();
  }
}

async function countFlights(proxy: FlightProxy, user: SignedInUser, args: string[]): Promise<number> {
  await proxy.reset();
  await promisify(execFile)(process.execPath, [BINARY, ...args], { env: user.env });
  return proxy.flights;
}
