import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { expect } from 'chai';
import { newUser } from './cli.ts';

describe('a test’s user', () => {
  it('takes nothing from outside but PATH', async () => {
    await using user = await newUser({ configured: false });
    const { PATH, ...rest } = user.env;
    expect(PATH).to.equal(process.env.PATH);
    for (const [name, value] of Object.entries(rest)) {
      if (name !== 'LANG') expect(value, name).to.match(new RegExp(`^${user.folders.root}/`));
    }
  });

  it('runs the built product, keeps its streams apart and hands it what it reads', async () => {
    await using user = await newUser();
    const version = await user.run(['--version']);
    expect(version).to.include({ code: 0, signal: null, stderr: '' });
    expect(version.stdout).to.match(/^airbnb\/\d/);

    const wrong = await user.run(['no-such-command'], { input: 'ignored' });
    expect(wrong).to.include({ code: 2, stdout: '' });
    expect(wrong.stderr).to.contain('no-such-command');
  });

  it('kills a command that takes too long, and says what it printed', async () => {
    await using user = await newUser();
    const failure = await user.run(['--version'], { timeoutMs: 1 }).catch((error: Error) => error.message);
    expect(failure).to.match(/airbnb --version ran for over 1 ms\n--- stdout/);
  });

  it('leaves no files, and does not put up with processes that it has to end', async () => {
    const user = await newUser();
    const lingering = spawn('sleep', ['60'], { cwd: user.folders.work });
    await once(lingering, 'spawn');
    const ended = once(lingering, 'exit');

    const failure = await user.dispose().catch((error: Error) => error.message);
    expect(failure).to.match(/left running:\n\d+ sleep 60/);
    await ended;
    expect(existsSync(user.folders.root)).to.equal(false);
  });
});
