import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { errorTexts } from '../../src/lib/i18n/error-texts.ts';
import { leftoversOf } from '../support/leftovers.ts';

const SCRIPT = join(__dirname, '..', '..', 'scripts', 'guided-run.ts');

describe('the guided run of npm start', function () {
  this.timeout(60_000);
  let temporary: string;

  beforeEach(async () => {
    temporary = await mkdtemp(join(tmpdir(), 'ab-'));
  });

  afterEach(() => rm(temporary, { recursive: true, force: true }));

  it('shows the main job, obeys the language, touches nothing configured and leaves nothing behind', async () => {
    const { child, output } = start({
      LANG: 'es_ES.UTF-8',
      LC_ALL: '',
      // A checkout that is configured, and faults in it: none of it is read.
      REDIS_URL: 'redis://127.0.0.1:1',
      DATABASE_URL: '',
      PGHOST: '127.0.0.1',
      AIRBNB_STRICT: '1',
      AIRBNB_TOKEN: 'x',
    });
    const [code] = await once(child, 'close');
    expect(code, output()).to.equal(0);
    for (const command of ['register', 'login', 'whoami', 'sessions list', 'sessions revoke', 'revoke-all']) {
      expect(output()).to.match(new RegExp(`^\\$ .*airbnb .*${command}`, 'm'));
    }
    for (const reason of ['revoked', 'expired'] as const) {
      expect(output()).to.include(errorTexts.es[reason]({}).message);
    }
    expect(output()).to.include('npm link');
    await expectNothingLeft();
  });

  it('cleans up when it is interrupted', async () => {
    const { child, output } = start({});
    while (!output().includes('airbnb login')) await once(child.stdout as NodeJS.ReadableStream, 'data');
    child.kill('SIGINT');
    const [code] = await once(child, 'close');
    expect(code, output()).to.equal(130);
    await expectNothingLeft();
  });

  it('cleans up when its reader has seen enough, which is no fault', async () => {
    const { child, output } = start({});
    while (!output().includes('airbnb login')) await once(child.stdout as NodeJS.ReadableStream, 'data');
    child.stdout?.destroy();
    const [code] = await once(child, 'close');
    expect(code, output()).to.equal(0);
    await expectNothingLeft();
  });

  function start(env: NodeJS.ProcessEnv): { child: ChildProcess; output: () => string } {
    const child = spawn(process.execPath, ['--import', 'tsx', SCRIPT], {
      env: { ...process.env, TMPDIR: temporary, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
      });
    }
    return { child, output: () => text };
  }

  async function expectNothingLeft(): Promise<void> {
    expect(await leftoversOf(temporary)).to.deep.equal([]);
    const left = (await readdir(temporary)).filter((name) => !name.startsWith('tsx-'));
    expect(left).to.deep.equal([]);
  }
});
