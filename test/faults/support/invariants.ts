import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'chai';
import { AppError } from '../../../src/lib/errors.ts';
import type { Session } from '../../../src/lib/session/session.ts';
import type { Result } from '../../support/cli.ts';
import { jsonFailure } from '../../support/json-failure.ts';
import type { SessionBackend } from '../../support/session-backend.ts';
import { PASSWORD, type Stage } from './stage.ts';

const LIFETIME_MS = 90_000;

/** The token in the user's token file, which is whole and alone in its folder; undefined where there is no file. */
export async function tokenHeldBy({ user }: Stage): Promise<string | undefined> {
  const folder = path.dirname(user.sessionFile);
  const names = await readdir(folder);
  if (names.length === 0) return undefined;
  expect(names, 'the folder of the token file').to.deep.equal(['session']);
  const { token } = JSON.parse(await readFile(user.sessionFile, 'utf8'));
  expect(token).to.match(/^[\w-]{43}$/);
  return token;
}

/** Whether a command would find this session alive. */
export async function isLive({ sessions }: SessionBackend, { token, mark, wire }: Session): Promise<boolean> {
  try {
    await sessions.look({ token, mark, userId: wire.user_id });
    return true;
  } catch (error) {
    if (error instanceof AppError && ['expired', 'revoked'].includes(error.reason)) return false;
    throw error;
  }
}

/**
 * No session lives for ever, and none is missing from the index of its user.
 * @returns the tokens of all that there are
 */
export async function expectSoundSessions({ redis }: SessionBackend): Promise<string[]> {
  const keys = await keysLike(redis, 'session:*');
  for (const key of keys) {
    const [json, ttl] = await Promise.all([redis.get(key), redis.pttl(key)]);
    if (json === null) continue; // It has ended just now.
    const token = key.slice('session:'.length);
    expect(ttl, 'the lifetime of a session').to.be.within(0, LIFETIME_MS);
    const isMember = await redis.sismember(`user:${JSON.parse(json).user_id}:sessions`, token);
    expect(isMember, 'whether a session is in its index').to.equal(1);
  }
  for (const mark of await keysLike(redis, 'airbnb:revoked:*')) {
    expect(await redis.pttl(mark), 'the lifetime of a mark').to.be.above(0);
  }
  return keys.map((key) => key.slice('session:'.length));
}

/** What a command says of an engine that failed: one clear sentence and what to do, in words or as JSON. */
export function expectClearFailure(result: Result, engine: string): void {
  if (result.stdout.startsWith('{')) {
    expect(jsonFailure(result)).to.include({ reason: 'unreachable', engine });
    expect(result.stderr).to.equal('');
    return;
  }
  expect(result.stdout).to.equal('');
  expect(result.stderr).to.match(/^Error: [^\n]+\.\n([^\n]+\n)?$/);
  expect(result.stderr).to.match(engine === 'redis' ? /Redis/ : /PostgreSQL/);
}

/** A stack trace fails a run by itself. */
export function expectNoSecret({ stdout, stderr }: Result, tokens: readonly string[]): void {
  for (const secret of [...tokens, PASSWORD]) {
    expect(stdout + stderr, 'what was printed').not.to.contain(secret);
  }
}

async function keysLike(redis: SessionBackend['redis'], pattern: string): Promise<string[]> {
  const keys: string[] = [];
  for (let cursor = '0'; ; ) {
    const [next, page] = await redis.scan(cursor, 'MATCH', pattern, 'COUNT', 1000);
    keys.push(...page);
    if (next === '0') return [...new Set(keys)];
    cursor = next;
  }
}
