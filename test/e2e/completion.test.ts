import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { existsSync, rmSync } from 'node:fs';
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { commandTable } from '../../src/command-table.ts';
import { idOfMark, markOf } from '../../src/lib/session/session-token.ts';
import { register } from '../support/accounts.ts';
import { newUser, type User } from '../support/cli.ts';
import {
  bashCanKeepOrder,
  CompletingShell,
  hasShell,
  makeShellHome,
  offeredByBash,
  offeredByFish,
  SHELLS,
} from '../support/completing-shell.ts';
import { engines } from '../support/engines.ts';
import { holdSession, startSession } from '../support/held-session.ts';
import { processesOf } from '../support/leftovers.ts';
import { plainClient } from '../support/session-backend.ts';
import { writeTokenFile } from '../support/token-file.ts';
import { until } from '../support/until.ts';

const idOf = (token: string) => idOfMark(markOf(token));
const topLevel = [...new Set(Object.keys(commandTable).map((id) => id.split(':')[0] as string))];

/** What a stranger who can write to Redis would try: commands, ends of lines and columns, and escape sequences. */
const HOSTILE = '$(touch pwned)`touch pwned`\tx:y\n\u001b[31m\u202e"\'\\; touch pwned';

for (const shell of SHELLS) {
  describe(`TAB in ${shell}`, function () {
    this.timeout(60_000);
    let user: User;
    let env: NodeJS.ProcessEnv;
    let tab: CompletingShell;

    before(async function () {
      if (!hasShell(shell)) this.skip();
      user = await newUser();
      ({ env } = await makeShellHome(user, shell));
      const { code } = await user.run(['completion', shell, '--install']);
      expect(code).to.equal(0);
      tab = await new CompletingShell(user, shell, env).ready();
    });
    after(async () => {
      await tab?.end();
      await user?.dispose();
    });

    it('completes topics, commands and flags', async () => {
      expect(await tab.complete('airbnb sess')).to.equal('airbnb sessions ');
      expect(await tab.complete('airbnb sessions l')).to.equal('airbnb sessions list ');
      expect(await tab.complete('airbnb register --em')).to.equal('airbnb register --email ');
      expect(await tab.complete('airbnb help who')).to.equal('airbnb help whoami ');
      expect(await tab.complete('airbnb completion fi')).to.equal('airbnb completion fish ');
    });

    it('offers all of them', async () => {
      const text = await tab.list('airbnb ', [...topLevel, 'help']);
      expect(text).to.not.contain('__complete');
    });

    it('completes values of flags, behind a space, behind = and in quotes', async () => {
      expect(await tab.complete('airbnb register --rol AN')).to.equal('airbnb register --rol ANFITRION ');
      expect(await tab.complete('airbnb register --rol=AN')).to.equal('airbnb register --rol=ANFITRION ');
      expect(await tab.complete('airbnb register --rol "AN')).to.match(
        /^airbnb register --rol "?ANFITRION"? $/,
      );
      expect(await tab.complete('airbnb register --role AM')).to.equal('airbnb register --role AMBOS ');
    });

    it('copes with what comes before: values with spaces, assignments, other commands', async () => {
      for (const start of [
        'airbnb register --nombre \'Ana "M" Lima\' ',
        'airbnb register --nombre=Ana\\ M ',
      ]) {
        expect(await tab.complete(`${start}--pass`)).to.match(/--password-/);
        expect(await tab.complete(`${start}--em`)).to.equal(`${start}--email `);
      }
      expect(await tab.complete('true; airbnb sess')).to.equal('true; airbnb sessions ');
      expect(await tab.complete('A=1 airbnb sess')).to.equal('A=1 airbnb sessions ');
    });

    it('completes in the middle of a line', async () => {
      expect(await tab.complete('airbnb who --json', 7)).to.match(/^airbnb whoami +--json$/);
    });

    it('runs nothing of the line', async () => {
      await tab.complete('airbnb login --email "$(touch pwned)" --pass');
      await tab.complete('airbnb login --email=$(touch pwned)= --pass');
      await tab.complete('airbnb login --email `touch pwned` --pass');
      expect(await readdir(user.folders.work)).to.deep.equal([]);
    });

    it('completes files where a flag takes one', async () => {
      const file = path.join(user.folders.work, 'secret-note');
      await writeFile(file, '');
      const start = 'airbnb login --password-file';
      expect(await tab.complete(`${start} secr`)).to.equal(`${start} secret-note `);
      expect(await tab.complete(`${start}=secr`)).to.equal(`${start}=secret-note `);
      expect(await tab.complete('airbnb exec -- secr')).to.match(/^airbnb exec -- secr/);
      expect(await tab.complete('airbnb exec -- cat secr')).to.equal('airbnb exec -- cat secret-note ');
      await rm(file);
    });

    it('completes ids of live sessions, and shows device and age where it shows descriptions', async () => {
      const { token, wire } = await holdSession(user, { wire: { device: 'laptop linux' } });
      const id = idOf(token);
      expect(await tab.complete(`airbnb sessions revoke ${id.slice(0, 4)}`)).to.equal(
        `airbnb sessions revoke ${id} `,
      );
      const created_at = new Date(Date.now() - 3 * 60_000).toISOString().slice(0, 19);
      const other = await startSession({ wire: { user_id: wire.user_id, device: 'phone', created_at } });
      const described = shell === 'bash' ? [] : ['laptop linux', 'this session', 'phone, 3 min ago'];
      await tab.list('airbnb sessions revoke ', [id, idOf(other.token), ...described]);
    });

    it('shows the newest session first', async function () {
      if (shell === 'bash' && !bashCanKeepOrder()) this.skip();
      const startedAgo = (minutes: number) =>
        new Date(Date.now() - minutes * 60_000).toISOString().slice(0, 19);
      const { token, wire } = await holdSession(user, { wire: { created_at: startedAgo(50) } });
      const ids = [idOf(token)];
      // So few that every shell shows them in one row or one column.
      for (const minutes of [40, 1]) {
        const next = await startSession({ wire: { user_id: wire.user_id, created_at: startedAgo(minutes) } });
        ids.unshift(idOf(next.token));
      }
      const shown = await tab.list('airbnb sessions revoke ', ids);
      const places = ids.map((id) => shown.indexOf(id));
      expect(places).to.deep.equal(places.toSorted((a, b) => a - b));
    });

    it('makes what strangers stored harmless', async () => {
      const { token, wire } = await holdSession(user, { wire: { device: HOSTILE } });
      const other = await startSession({ wire: { user_id: wire.user_id, device: HOSTILE } });
      const [id, otherId] = [idOf(token), idOf(other.token)];
      const before = tab.terminal.raw.length;
      await tab.list('airbnb sessions revoke ', [id, otherId]);
      expect(await tab.complete(`airbnb sessions revoke ${id.slice(0, 5)}`)).to.equal(
        `airbnb sessions revoke ${id} `,
      );
      expect(tab.terminal.raw.slice(before)).to.not.match(/\u202e|\u001b\[31m["\u202e]/);
      expect(existsSync(path.join(user.folders.work, 'pwned'))).to.equal(false);
    });
  });
}

describe('TAB in bash with bash-completion', function () {
  this.timeout(30_000);
  const LIBRARY = '/usr/share/bash-completion/bash_completion';

  it('finds the script by itself, and completes the arguments of a command behind exec --', async function () {
    if (!hasShell('bash') || !existsSync(LIBRARY)) this.skip();
    await using user = await newUser();
    const { env, startUp } = await makeShellHome(user, 'bash');
    const own = await readFile(startUp, 'utf8');
    await user.run(['completion', 'bash', '--install']);
    await writeFile(startUp, `${own}. ${LIBRARY}\n`);
    await writeFile(path.join(user.folders.work, 'secret-note'), '');
    const tab = await new CompletingShell(user, 'bash', env).ready();
    expect(await tab.complete('airbnb sess')).to.equal('airbnb sessions ');
    expect(await tab.complete('airbnb register --rol=AN')).to.equal('airbnb register --rol=ANFITRION ');
    expect(await tab.complete('airbnb exec -- cat secr')).to.equal('airbnb exec -- cat secret-note ');
    await tab.end();
  });
});

describe('what TAB offers', () => {
  let user: User;
  let env: NodeJS.ProcessEnv;
  let script: string;

  before(async function () {
    if (!hasShell('bash')) this.skip();
    user = await newUser();
    ({ env } = await makeShellHome(user, 'bash'));
    script = (await user.run(['completion', 'bash'])).stdout;
  });
  after(() => user?.dispose());

  const offered = (line: string, more: NodeJS.ProcessEnv = {}) =>
    offeredByBash(user, { ...env, ...more }, script, line);

  it('is every topic, command and subject of help', () => {
    expect(offered('airbnb ')).to.have.members([...topLevel, 'help']);
    const flags = ['--json', '--strict', '--no-input'];
    expect(offered('airbnb -')).to.have.members(['--help', '--version', ...flags]);
    expect(offered('airbnb help ')).to.have.members([...topLevel, 'exit-codes']);
    for (const topic of ['sessions', 'db', 'local']) {
      const names = Object.keys(commandTable).flatMap((id) =>
        id.startsWith(`${topic}:`) ? [id.slice(topic.length + 1)] : [],
      );
      expect(offered(`airbnb ${topic} `)).to.have.members(names);
      expect(offered(`airbnb help ${topic} `)).to.have.members(names);
    }
    expect(offered('airbnb nonsense ')).to.deep.equal([]);
    expect(offered('airbnb --json ')).to.have.members(topLevel);
    expect(offered('airbnb --json -')).to.have.members(['--strict', '--no-input']);
    expect(offered('airbnb --json sessions re')).to.have.members(['revoke', 'revoke-all']);
    expect(offered('airbnb --json whoami --js')).to.deep.equal([]);
  });

  it('is flags that were not given, those of every command included', () => {
    const all = [
      '--email',
      '--password-stdin',
      '--password-file',
      '--json',
      '--strict',
      '--no-input',
      '--help',
    ];
    expect(offered('airbnb login --')).to.include.members(all);
    const left = offered('airbnb login --email a --strict --password-stdin --');
    expect(left).to.include.members(['--json', '--no-input', '--help']);
    expect(left).to.not.include.members(['--email']);
    expect(left).to.not.include.members(['--strict']);
    // It excludes the other.
    expect(left).to.not.include.members(['--password-file']);
    expect(offered('airbnb register --role AMBOS --ro')).to.deep.equal([]);
    expect(offered('airbnb sessions revoke-all -y --ye')).to.deep.equal([]);
    expect(offered('airbnb completion bash --install --un')).to.deep.equal([]);
    expect(offered('airbnb completion bash --js')).to.deep.equal([]);
  });

  it('is nothing where a value of one’s own is due, and nothing of ours behind --', () => {
    expect(offered('airbnb login --email ')).to.deep.equal([]);
    expect(offered('airbnb sessions list -- ')).to.deep.equal([]);
    expect(offered('airbnb exec -- true --js')).to.deep.equal([]);
  });

  it('is in the language of the environment', function () {
    if (!hasShell('fish')) this.skip();
    return (async () => {
      await user.run(['completion', 'fish', '--install']);
      expect(offeredByFish(user, env, 'airbnb who')).to.deep.equal([
        'whoami\tShow who is signed in, and the session',
      ]);
      const spanish = offeredByFish(user, { ...env, LC_ALL: 'es_AR.UTF-8' }, 'airbnb local ');
      expect(spanish.join('\n')).to.match(/^stop\tDetiene/m);
    })();
  });

  it('is the same with a configuration that is broken, but for ids', async () => {
    const { token } = await holdSession(user);
    const line = `airbnb sessions revoke ${idOf(token).slice(0, 4)}`;
    expect(offered(line)).to.deep.equal([idOf(token)]);
    for (const broken of [{ REDIS_URL: '' }, { AIRBNB_STRICT: 'yes' }, { AIRBNB_ENV_FILE: '/nowhere' }]) {
      expect(offered('airbnb sessions rev', broken)).to.have.members(['revoke', 'revoke-all']);
      expect(offered(line, broken), JSON.stringify(broken)).to.deep.equal([]);
    }
  });
});

describe('live sessions at TAB', () => {
  let user: User;
  let env: NodeJS.ProcessEnv;
  let script: string;

  before(async function () {
    if (!hasShell('bash')) this.skip();
    user = await newUser();
    ({ env } = await makeShellHome(user, 'bash'));
    script = (await user.run(['completion', 'bash'])).stdout;
  });
  after(() => user?.dispose());

  const ids = (more: NodeJS.ProcessEnv = {}, line = 'airbnb sessions revoke ') =>
    offeredByBash(user, { ...env, ...more }, script, line);

  it('are one’s own, less those on the line already', async () => {
    const { token, wire } = await holdSession(user);
    const other = await startSession({ wire: { user_id: wire.user_id } });
    await startSession();
    expect(ids()).to.have.members([idOf(token), idOf(other.token)]);
    expect(ids({}, `airbnb sessions revoke ${idOf(token)} `)).to.deep.equal([idOf(other.token)]);
    expect(ids({ AIRBNB_TOKEN: other.token })).to.have.members([idOf(token), idOf(other.token)]);
  });

  it('are neither refreshed nor pruned, and nothing else is changed', async () => {
    const { token, wire } = await holdSession(user, { ttl: 40 });
    const redis = plainClient(engines.redisUrl);
    try {
      const index = `user:${wire.user_id}:sessions`;
      const dead = randomBytes(32).toString('base64url');
      await redis.sadd(index, dead);
      const before = await redis.get(`session:${token}`);
      expect(ids()).to.deep.equal([idOf(token)]);
      expect(await redis.get(`session:${token}`)).to.equal(before);
      expect(await redis.ttl(`session:${token}`)).to.be.at.most(40);
      expect(await redis.smembers(index)).to.have.members([token, dead]);
      expect(await redis.ttl(index)).to.be.within(300, 400); // ten lifetimes, as the Python client left it
    } finally {
      redis.disconnect();
    }
  });

  it('are found among thousands by the beginning of their ids', async () => {
    const { token, wire } = await holdSession(user);
    const redis = plainClient(engines.redisUrl);
    try {
      const dead = Array.from({ length: 5_000 }, () => randomBytes(32).toString('base64url'));
      await redis.sadd(`user:${wire.user_id}:sessions`, ...dead);
      const line = `airbnb sessions revoke ${idOf(token).slice(0, 6)}`;
      expect(ids({}, line)).to.deep.equal([idOf(token)]);
    } finally {
      redis.disconnect();
    }
  });

  it('are none where one’s own has ended, or there is no token, or one that is no good', async () => {
    const { token } = await holdSession(user);
    const redis = plainClient(engines.redisUrl);
    await redis.del(`session:${token}`);
    redis.disconnect();
    expect(ids()).to.deep.equal([]);
    expect(ids({ AIRBNB_TOKEN: '' })).to.deep.equal([]);
    expect(ids({ AIRBNB_TOKEN: 'nonsense' })).to.deep.equal([]);
    await writeTokenFile(user, 'nonsense');
    expect(ids()).to.deep.equal([]);
    await holdSession(user);
    await chmod(user.sessionFile, 0o644);
    expect(ids()).to.deep.equal([]);
  });

  it('are none where nothing is configured and nothing runs, and start no engine', async () => {
    await using nobody = await newUser({ configured: false });
    await writeTokenFile(nobody, 'x'.repeat(43));
    expect(offeredByBash(nobody, env, script, 'airbnb sessions revoke ')).to.deep.equal([]);
    // The process that answered may still be ending.
    await until(
      'the answering process ends',
      async () => (await processesOf(nobody.folders.root)).length === 0,
    );
  });

  it('are those of the embedded engine where it runs', async () => {
    await using local = await newUser({ configured: false });
    const password = 'correct horse battery';
    const account = ['--email', 'ana@example.com', '--password-stdin'];
    await local.run(['register', '--nombre', 'Ana', ...account], { input: password });
    const login = await local.run(['login', '--json', ...account], { input: password });
    expect(offeredByBash(local, env, script, 'airbnb sessions revoke ')).to.deep.equal([login.json().id]);
  });

  it('are those of the stand-in while a Redis is away', async function () {
    this.timeout(40_000);
    await using robot = await newUser({ env: { REDIS_URL: 'redis://127.0.0.1:1' } });
    const account = await register(robot);
    const args = ['login', '--email', account.email, '--password-stdin', '--json'];
    const { id, degraded } = (await robot.run(args, { input: account.password })).json();
    expect(degraded).to.equal(true);
    expect(offeredByBash(robot, env, script, 'airbnb sessions revoke ')).to.deep.equal([id]);
  });

  describe('with a Redis that does not answer', () => {
    let silent: Server;
    let url: string;
    before(async () => {
      silent = createServer(() => {});
      await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
      url = `redis://127.0.0.1:${(silent.address() as { port: number }).port}`;
    });
    after(() => silent.close());

    it('are waited for at most 150 ms', async () => {
      const { token } = await holdSession(user);
      const more = { REDIS_URL: url, AIRBNB_TOKEN: token };
      const waits = longerBy(
        () => expect(ids(more)).to.deep.equal([]),
        () => ids({ ...more, AIRBNB_TOKEN: '' }),
      );
      expect(waits).to.be.within(75, 450);
    });

    it('are waited for no longer where the look-up of its name hangs', async function () {
      const { token } = await holdSession(user);
      const names = await silentNameServer();
      if (!names) this.skip();
      try {
        const within = (program: string, args: string[]) => names.within(program, args);
        const more = { REDIS_URL: 'redis://redis.example.com', AIRBNB_TOKEN: token };
        const line = 'airbnb sessions revoke ';
        const waits = longerBy(
          () => expect(offeredByBash(user, { ...env, ...more }, script, line, within)).to.deep.equal([]),
          () => offeredByBash(user, { ...env, ...more, AIRBNB_TOKEN: '' }, script, line, within),
        );
        expect(waits).to.be.within(75, 450);
      } finally {
        names.close();
      }
    });

    it('are none at once where nobody listens', async () => {
      const { token } = await holdSession(user);
      expect(ids({ REDIS_URL: 'redis://127.0.0.1:1', AIRBNB_TOKEN: token })).to.deep.equal([]);
    });
  });
});

/**
 * A name server that never answers, and a way to run programs that ask it.
 * @returns undefined where we may not put another resolv.conf in the place of the system's
 */
async function silentNameServer() {
  const socket = createSocket('udp4');
  const bound = await new Promise<boolean>((resolve) => {
    socket.once('error', () => resolve(false));
    socket.bind(53, '127.0.7.53', () => resolve(true));
  });
  const folder = await mkdtemp(path.join(tmpdir(), 'airbnb-names-'));
  const file = path.join(folder, 'resolv.conf');
  await writeFile(file, 'nameserver 127.0.7.53\n');
  const within = (program: string, args: string[]): [string, string[]] => [
    'unshare',
    ['-m', 'sh', '-c', `mount --bind '${file}' /etc/resolv.conf && exec "$@"`, 'sh', program, ...args],
  ];
  const close = () => {
    socket.close();
    rmSync(folder, { recursive: true });
  };
  const [program, args] = within('true', []);
  if (bound && spawnSync(program, args).status === 0) return { within, close };
  close();
  return undefined;
}

/**
 * By how many milliseconds one takes longer than the other: the shortest of some runs of each, in turn, as a busy machine
 * only makes them longer, and is busy for a while.
 */
function longerBy(one: () => void, other: () => void): number {
  const times = [0, 1, 2].map(() => [took(one), took(other)] as const);
  return Math.min(...times.map(([time]) => time)) - Math.min(...times.map(([, time]) => time));
}

function took(run: () => void): number {
  const start = performance.now();
  run();
  return performance.now() - start;
}
