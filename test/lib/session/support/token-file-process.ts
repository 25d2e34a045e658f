/**
 * One of several processes that use the same token file: `token-file-process.ts read|write <path> <milliseconds>`.
 * Prints how often it did, and what it met that should not be.
 */
import { SessionFile } from '../../../../src/lib/session/session-file.ts';
import { markOf, newToken } from '../../../../src/lib/session/session-token.ts';

const [role, path = '', milliseconds] = process.argv.slice(2);
const file = new SessionFile(path);
const end = Date.now() + Number(milliseconds);
const faults: string[] = [];
let times = 0;

function once(): void {
  if (role === 'read') {
    const stored = file.read();
    if (!stored) faults.push('missing');
    else if (stored.mark !== markOf(stored.token)) faults.push('torn');
    return;
  }
  const token = newToken();
  const email = `${'x'.repeat(times % 200)}@example.com`;
  file.write({ token, mark: markOf(token), email, userId: times, server: 'redis://localhost:6379/0' });
}

while (Date.now() < end) {
  try {
    once();
  } catch (error) {
    faults.push((error as Error).message);
  }
  times += 1;
}
process.stdout.write(JSON.stringify({ times, faults }));
