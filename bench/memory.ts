import type { WireSession } from '../src/lib/session/session.ts';
import { SessionStore } from '../src/lib/session/session-store.ts';
import { newToken } from '../src/lib/session/session-token.ts';
import { sampleSession } from '../test/support/sample-session.ts';
import { plainClient } from '../test/support/session-backend.ts';
import { connect, startRedis } from './bench-engines.ts';
import { table } from './table.ts';

/** Milliseconds. */
const TTL = 60_000;

/** Sessions as they are usually, and as large as a login makes them apart from the account's own words. */
export const SESSIONS: Readonly<Record<string, WireSession>> = {
  'without device and address': sampleSession({ user_id: 1 }),
  'with device and address': sampleSession({
    user_id: 1,
    device: 'laptop linux airbnb/0.1.0 tty',
    ip: '203.0.113.7',
    ip_source: 'ssh',
  }),
  'with the longest of these': sampleSession({
    user_id: 1,
    device: 'a-host-with-a-name-as-long-as-they-get..',
    ip: '2001:0db8:85a3:0000:0000:8a2e:0370:7334',
    ip_source: 'redis',
  }),
};

/** What a session takes in Redis' memory, its key included and the index left out. */
export async function memory(): Promise<string> {
  const { engine, name } = await startRedis();
  try {
    const rows: string[][] = [];
    for (const [what, wire] of Object.entries(SESSIONS)) {
      rows.push([what, String(JSON.stringify(wire).length), String(await bytesOf(engine.url, wire))]);
    }
    return `Bytes for each session (${name})\n\n${table(['', 'as JSON', 'in Redis'], rows)}`;
  } finally {
    await engine.dispose();
  }
}

/** What Redis itself says that a session takes. */
export async function bytesOf(url: string, wire: WireSession): Promise<number> {
  const connection = connect(url);
  const client = plainClient(url);
  try {
    const token = newToken();
    const store = new SessionStore(connection);
    await store.start(token, wire, TTL);
    const bytes = await client.memory('USAGE', `session:${token}`);
    await store.end([token], wire.user_id);
    return Number(bytes);
  } finally {
    connection.close();
    client.disconnect();
  }
}
