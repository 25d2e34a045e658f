import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'chai';
import { newUser, type User } from '../support/cli.ts';
import { holdSession } from '../support/held-session.ts';
import { processesOf } from '../support/leftovers.ts';

/** Writes the names of all bundles that were read and CommonJS modules that were loaded, when the process ends. */
const HOOK = `
  const fs = require('node:fs');
  const { openSync } = fs;
  const read = [];
  fs.openSync = (file, ...options) => {
    read.push(file);
    return openSync(file, ...options);
  };
  const names = () => [...read, ...Object.keys(require.cache)].join('\\n');
  process.once('exit', () => fs.writeFileSync(process.env.LOADED, names()));`;

describe('what a command loads', () => {
  let user: User;
  let hook: string;
  before(async () => {
    user = await newUser();
    hook = path.join(user.home, 'hook.cjs');
    await writeFile(hook, HOOK);
    await holdSession(user);
  });
  after(() => user.dispose());

  async function loadedBy(args: string[], input = ''): Promise<string> {
    const list = path.join(user.home, 'loaded');
    const env = { NODE_OPTIONS: `--require=${hook}`, LOADED: list };
    await user.run(args, { env, input });
    return readFile(list, 'utf8');
  }

  it('leaves PostgreSQL and bcrypt out of everything but what needs accounts', async () => {
    for (const args of [
      ['whoami'],
      ['sessions', 'list'],
      ['sessions', 'revoke', 'ffff'],
      ['local', 'status'],
      ['--help'],
      ['login', '--help'],
      ['--version'],
      ['__complete', 'zsh', ''],
      ['__complete', 'zsh', 'sessions', 'revoke', ''],
      ['login'],
      ['whoami', '--nonsense'],
    ]) {
      const loaded = await loadedBy(args);
      expect(loaded, args.join(' ')).not.to.match(/database\.js|bcrypt|pglite|valkey/);
    }
    const loaded = await loadedBy(['login', '--email', 'a@example.com', '--password-stdin'], 'a password');
    expect(loaded).to.contain('database.js').and.to.contain('bcrypt');
  });

  it('starts no engine for help, the version and wrong usage, where nothing is configured', async () => {
    await using nobody = await newUser({ configured: false });
    for (const args of [[], ['--help'], ['help', 'login'], ['--version'], ['register', '--nonsense']]) {
      await nobody.run(args);
    }
    expect(await processesOf(nobody.folders.root)).to.deep.equal([]);
  });
});
