import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { wrap } from 'node:module';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/**
 * Makes of a bundle the function that Node would make of a module, so that nothing is left to do when it is loaded, and
 * puts before it, in plain ASCII, the hash by which its compiled code is found.
 */
export function finishBundle(file: string): void {
  const source = wrap(toAscii(readFileSync(file, 'utf8')));
  const hash = createHash('sha256').update(source).digest('hex').slice(0, 16);
  writeFileSync(file, `//${hash}\n${source}`);
}

/** esbuild leaves characters beyond ASCII in regular expressions, where an escape means the same. */
function toAscii(source: string): string {
  return source.replace(/[^\x00-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** What is run to find out what runs: V8 keeps the code of the functions that were called. */
const TYPICAL = [['whoami'], ['--help']];

/**
 * Makes the compiled code that this Node finds beside the program, by runs of a user with a session on a Redis that
 * has all the answers ready.
 */
export async function keepCompiledCode(binary: string, folder: string): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), 'airbnb-build-'));
  const server = createServer((socket) => socket.on('data', () => socket.write(REPLIES)));
  try {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const tokenFile = join(home, 'session');
    writeFileSync(tokenFile, tokenFileFor(`redis://127.0.0.1:${port}/0`), { mode: 0o600 });
    chmodSync(home, 0o700);
    const settings = join(home, 'env');
    writeFileSync(settings, '');
    const env = {
      HOME: home,
      AIRBNB_ENV_FILE: settings, // not the .env of a checkout that is configured
      XDG_CACHE_HOME: join(home, 'cache'),
      REDIS_URL: `redis://127.0.0.1:${port}`,
      AIRBNB_SESSION_FILE: tokenFile,
    };
    for (const args of TYPICAL) await promisify(execFile)(process.execPath, [binary, ...args], { env });
    const kept = join(home, 'cache', 'airbnb');
    for (const name of readdirSync(kept)) {
      copyFileSync(join(kept, name), join(folder, name));
      chmodSync(join(folder, name), 0o644); // Whoever may run the program may read it.
    }
  } finally {
    server.close();
    rmSync(home, { recursive: true, force: true });
  }
}

const TIME = '2025-11-16T15:00:00';
const SESSION = JSON.stringify({
  user_id: 1,
  email: 'user@example.com',
  rol: 'HUESPED',
  auth_user_id: null,
  huesped_id: 123,
  anfitrion_id: null,
  nombre: 'User Name',
  creado_en: TIME,
  created_at: TIME,
  last_activity: TIME,
});

/** To the restore script, and whether it was revoked, is in the index, and when that ends. */
const REPLIES = `$${SESSION.length}\r\n${SESSION}\r\n:0\r\n:1\r\n:-1\r\n`;

function tokenFileFor(server: string): string {
  const token = 'A'.repeat(43);
  const mark = createHash('sha256').update(token).digest('hex');
  return `${JSON.stringify({ v: 1, token, mark, email: 'user@example.com', user_id: 1, server })}\n`;
}
