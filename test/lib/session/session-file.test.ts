import { execFile, execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import fc from 'fast-check';
import { AppError } from '../../../src/lib/errors.ts';
import { SessionFile, type StoredSession } from '../../../src/lib/session/session-file.ts';
import { markOf, newToken } from '../../../src/lib/session/session-token.ts';
import { failureOf, reasonOf } from '../../support/failure-of.ts';

const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;

describe('the token file', () => {
  let root: string;
  let folder: string;
  let path: string;
  let file: SessionFile;
  const umask = process.umask();

  beforeEach(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), 'airbnb-file-')));
    folder = join(root, '.airbnb');
    path = join(folder, 'session');
    file = new SessionFile(path);
  });

  afterEach(() => {
    process.umask(umask);
    // A test may have left it closed even to us.
    if (existsSync(folder)) chmodSync(folder, 0o700);
    rmSync(root, { recursive: true, force: true });
  });

  function stored(over: Partial<StoredSession> = {}) {
    const token = newToken();
    return {
      token,
      mark: markOf(token),
      email: 'user@example.com',
      userId: 7,
      server: 'redis://localhost:6379/0',
      ...over,
    } as Required<StoredSession> & { mark: string; email: string; userId: number; server: string };
  }

  /** Puts a file there by hand. */
  function place(content: string | Buffer, mode = 0o600): void {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(path, content);
    chmodSync(path, mode);
  }

  const problem = async (action: () => unknown) => {
    const { reason, exitCode, params } = await failureOf(action);
    return { reason, exitCode, problem: params.problem, path: params.path };
  };
  const unsafe = (what: string, where = path) => ({
    reason: 'token_file_unsafe',
    exitCode: 78,
    problem: what,
    path: where,
  });

  describe('written', () => {
    it('is one line of JSON, and is read as it was written', () => {
      const session = stored();
      file.write(session);
      expect(readFileSync(path, 'utf8')).to.equal(
        `{"v":1,"token":"${session.token}","mark":"${session.mark}","email":"user@example.com","user_id":7,"server":"redis://localhost:6379/0"}\n`,
      );
      expect(file.read()).to.deep.equal(session);
    });

    for (const mask of [0, 0o022, 0o077, 0o777]) {
      it(`is ours alone in a folder that is ours alone, under umask 0${mask.toString(8)}`, function () {
        if (mask === 0o777 && !isRoot) this.skip(); // Nobody but root could write into such a folder.
        process.umask(mask);
        file.write(stored());
        expect(statSync(path).mode & 0o7777).to.equal(0o600);
        expect(statSync(folder).mode & 0o7777).to.equal(mask === 0o777 ? 0 : 0o700);
      });
    }

    it('makes all folders on the way', () => {
      process.umask(0);
      const deep = new SessionFile(join(root, 'a', 'b', 'session'));
      deep.write(stored());
      expect(statSync(join(root, 'a')).mode & 0o777).to.equal(0o700);
      expect(statSync(join(root, 'a', 'b')).mode & 0o777).to.equal(0o700);
    });

    it('replaces what was there by another file, and leaves nothing else behind', () => {
      file.write(stored());
      const before = statSync(path).ino;
      const next = stored();
      file.write(next);
      expect(file.read()).to.deep.equal(next);
      expect(statSync(path).ino).not.to.equal(before);
      expect(readdirSync(folder)).to.deep.equal(['session']);
    });

    it('replaces a link instead of following it', () => {
      const target = join(root, 'target');
      writeFileSync(target, 'precious');
      mkdirSync(folder, { mode: 0o700 });
      symlinkSync(target, path);
      file.write(stored());
      expect(readFileSync(target, 'utf8')).to.equal('precious');
      expect(lstatSync(path).isFile()).to.equal(true);
    });

    it('is never seen in part, by several readers while several processes write', async function () {
      this.timeout(30_000);
      file.write(stored());
      const worker = join(__dirname, 'support', 'token-file-process.ts');
      const run = async (role: string) => {
        const { stdout } = await promisify(execFile)(process.execPath, [
          '--import',
          'tsx',
          worker,
          role,
          path,
          '600',
        ]);
        return JSON.parse(stdout) as { times: number; faults: string[] };
      };
      const done = await Promise.all(['read', 'read', 'write', 'write'].map(run));
      for (const { times, faults } of done) {
        expect(faults).to.deep.equal([]);
        expect(times).to.be.greaterThan(5);
      }
      expect(readdirSync(folder)).to.deep.equal(['session']);
    });

    it('is not written into a folder that others may write to', async () => {
      mkdirSync(folder);
      for (const mode of [0o770, 0o707, 0o777]) {
        chmodSync(folder, mode);
        expect(await problem(() => file.write(stored()))).to.deep.equal(unsafe('folder_open_bits', folder));
      }
      expect(readdirSync(folder)).to.deep.equal([]);
      chmodSync(folder, 0o755);
      file.write(stored());
    });

    it('is not written into a folder of everybody, which nobody is told to close', async () => {
      mkdirSync(folder);
      chmodSync(folder, 0o1777);
      expect(await problem(() => file.write(stored()))).to.deep.equal(unsafe('folder_shared', folder));
    });

    it('is not written into a folder of somebody else (only root can try)', async function () {
      if (!isRoot) this.skip();
      mkdirSync(folder, { mode: 0o700 });
      chownSync(folder, NOBODY, NOBODY);
      expect(await problem(() => file.write(stored()))).to.deep.equal(unsafe('folder_foreign_owner', folder));
    });

    const unwritable = (code: string) => ({ reason: 'token_file_unwritable', exitCode: 1, code });
    const failure = async (action: () => unknown) => {
      const { reason, exitCode, params } = await failureOf(action);
      return { reason, exitCode, code: params.code };
    };

    it('cannot be written into a folder without the right to', async () => {
      mkdirSync(folder, { mode: 0o700 });
      chmodSync(folder, 0o500);
      expect(await withoutPrivileges(() => failure(() => file.write(stored())))).to.deep.equal(
        unwritable('EACCES'),
      );
    });

    it('cannot be written below what is no folder, or under a name that is too long', async () => {
      writeFileSync(join(root, 'file'), '');
      const below = new SessionFile(join(root, 'file', 'session'));
      expect(await failure(() => below.write(stored()))).to.deep.include({ reason: 'token_file_unwritable' });
      const long = new SessionFile(join(root, 'x'.repeat(250)));
      expect(await failure(() => long.write(stored()))).to.deep.equal(unwritable('ENAMETOOLONG'));
    });

    it('cannot be written over a folder, and leaves nothing behind', async () => {
      mkdirSync(path, { recursive: true, mode: 0o700 });
      chmodSync(folder, 0o700);
      expect(await failure(() => file.write(stored()))).to.deep.include({ reason: 'token_file_unwritable' });
      expect(readdirSync(folder)).to.deep.equal(['session']);
    });

    it('is not written where it would be too large to be read, and the old one is kept', async () => {
      const before = stored();
      file.write(before);
      const server = `redis-cluster://${'node.example.com:6379,'.repeat(190)}`;
      for (const writer of [file, new SessionFile(path, randomBytes(32))]) {
        expect(await failure(() => writer.write(stored({ server })))).to.deep.equal(unwritable('EFBIG'));
      }
      expect(file.read()).to.deep.equal(before);
      const large = stored({ server: server.slice(0, 3_800) });
      file.write(large);
      expect(file.read()).to.deep.equal(large);
    });

    it('keeps the old file where the disk is full or read-only (only root can try, by mounting one)', async function () {
      if (!mountSmall(root)) return this.skip();
      try {
        const small = new SessionFile(join(root, 'session'));
        const before = stored();
        small.write(before);
        fill(join(root, 'filler'));
        expect(await failure(() => small.write(stored()))).to.deep.equal(unwritable('ENOSPC'));
        expect(small.read()).to.deep.equal(before);
        expect(readdirSync(root).sort()).to.deep.equal(['filler', 'session']);

        execFileSync('mount', ['-o', 'remount,ro', root]);
        expect(await failure(() => small.write(stored()))).to.deep.equal(unwritable('EROFS'));
        expect(await failure(() => small.remove())).to.deep.equal(unwritable('EROFS'));
        expect(small.read()).to.deep.equal(before);
      } finally {
        execFileSync('umount', [root]);
      }
    });
  });

  describe('read', () => {
    it('is not there: no file, no folder, or no folder on the way', () => {
      expect(file.read()).to.equal(undefined);
      mkdirSync(folder, { mode: 0o700 });
      expect(file.read()).to.equal(undefined);
      writeFileSync(join(root, 'file'), '');
      expect(new SessionFile(join(root, 'file', 'session')).read()).to.equal(undefined);
    });

    it('may hold nothing but a token', () => {
      const token = newToken();
      for (const end of ['', '\n', '\r\n']) {
        place(`${token}${end}`);
        expect(file.read()).to.deep.equal({ token });
      }
    });

    it('may end in CRLF, lack the mark, have more members or another order', () => {
      const { token } = stored();
      const known = `"user_id":7,"email":"a@b","token":"${token}","server":"s"`;
      for (const text of [
        `{"v":1,${known}}\r\n`,
        `{${known},"v":1,"more":[{}]}`,
        `{"v":1,${known},"mark":"abc"}\n`,
      ]) {
        place(text);
        expect(file.read()).to.deep.equal({ token, mark: undefined, email: 'a@b', userId: 7, server: 's' });
      }
    });

    it('is refused as a link, even to a file that is fine', async () => {
      const target = join(root, 'target');
      new SessionFile(target).write(stored());
      mkdirSync(folder, { mode: 0o700 });
      symlinkSync(target, path);
      expect(await problem(() => file.read())).to.deep.equal(unsafe('symlink'));
      rmSync(target);
      expect(await problem(() => file.read())).to.deep.equal(unsafe('symlink'));
    });

    it('is refused as a FIFO, at once', async () => {
      mkdirSync(folder, { mode: 0o700 });
      execFileSync('mkfifo', ['-m', '600', path]);
      expect(await problem(() => file.read())).to.deep.equal(unsafe('not_a_file'));
    });

    it('is refused as a socket, a device or a folder', async () => {
      mkdirSync(folder, { mode: 0o700 });
      const server = createServer().listen(path);
      await new Promise((resolve) => server.once('listening', resolve));
      expect(await problem(() => file.read())).to.deep.equal(unsafe('not_a_file'));
      await new Promise((resolve) => server.close(resolve));

      expect(await problem(() => new SessionFile('/dev/null').read())).to.deep.equal(
        unsafe('not_a_file', '/dev/null'),
      );
      mkdirSync(path, { mode: 0o700 });
      expect(await problem(() => file.read())).to.deep.equal(unsafe('folder'));
    });

    it('is refused with a bit for anybody else', async () => {
      place(newToken());
      for (const bit of [0o040, 0o020, 0o010, 0o004, 0o002, 0o001]) {
        chmodSync(path, 0o600 | bit);
        expect(await problem(() => file.read())).to.deep.equal(unsafe('open_bits'));
      }
      chmodSync(path, 0o400);
      expect(file.read()).to.have.property('token');
    });

    it('is refused from somebody else, or from a folder of somebody else (only root can try)', async function () {
      if (!isRoot) this.skip();
      place(newToken());
      chownSync(path, NOBODY, NOBODY);
      expect(await problem(() => file.read())).to.deep.equal(unsafe('foreign_owner'));
      chownSync(path, 0, 0);
      chownSync(folder, NOBODY, NOBODY);
      expect(await problem(() => file.read())).to.deep.equal(unsafe('folder_foreign_owner', folder));
    });

    it('is refused from a folder that others may write to', async () => {
      place(newToken());
      chmodSync(folder, 0o770);
      expect(await problem(() => file.read())).to.deep.equal(unsafe('folder_open_bits', folder));
      chmodSync(folder, 0o755);
      expect(file.read()).to.have.property('token');
    });

    it('is refused where we may not open it', async () => {
      place(newToken(), 0o000);
      expect(await withoutPrivileges(() => problem(() => file.read()))).to.deep.equal(unsafe('unreadable'));
    });

    const { token } = stored();
    const whole = `{"v":1,"token":"${token}","mark":"${markOf(token)}","email":"a@b","user_id":7,"server":"s"}\n`;
    const malformed: Record<string, string | Buffer> = {
      nothing: '',
      'an empty line': '\n',
      'a truncated line': whole.slice(0, -20),
      'a truncated token': token.slice(0, 20),
      'a token and more': `${token} ${token}`,
      'two lines': `${token}\n${token}\n`,
      'a token after a space': ` ${token}`,
      'a line break too many': `${token}\n\n`,
      'bytes that are no text': Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 1, 2, 0xff, 0xfe]),
      'a token and a NUL': `${token}\0`,
      'a byte order mark': `\ufeff${token}`,
      null: 'null',
      'an array': `["${token}"]`,
      'a string': `"${token}"`,
      'a number': '5',
      'an empty object': '{}',
      'another version': whole.replace('"v":1', '"v":3'),
      'no version': whole.replace('"v":1,', ''),
      'no token': whole.replace('"token"', '"tokens"'),
      'a wrong token': whole.replace(token, token.slice(1)),
      'a token that is a number': whole.replace(`"${token}"`, '5'),
      'no e-mail': whole.replace('"email":"a@b",', ''),
      'no user': whole.replace('"user_id":7,', ''),
      'a user that is text': whole.replace(':7,', ':"7",'),
      'a user with a fraction': whole.replace(':7,', ':7.5,'),
      'no server': whole.replace(',"server":"s"', ''),
      'more than 4 KB': whole.replace('a@b', 'a'.repeat(4_096)),
      '10 MB': Buffer.alloc(10 * 1024 * 1024, token),
    };
    for (const [what, content] of Object.entries(malformed)) {
      it(`is malformed: ${what}`, async () => {
        place(content);
        const { reason, exitCode, params } = await failureOf(() => file.read());
        expect({ reason, exitCode, params }).to.deep.equal({
          reason: 'malformed',
          exitCode: 4,
          params: { path },
        });
        // And neither removed nor changed by that.
        expect(readFileSync(path)).to.deep.equal(Buffer.from(content));
      });
    }

    it('is a session or malformed, whatever it holds', () => {
      place('');
      const text = fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.json(),
        fc
          .record({ at: fc.nat(whole.length), removed: fc.nat(9), added: fc.string() })
          .map(({ at, removed, added }) => whole.slice(0, at) + added + whole.slice(at + removed)),
      );
      fc.assert(
        fc.property(fc.oneof(text, fc.uint8Array()), (content) => {
          writeFileSync(path, content);
          try {
            expect(file.read()?.token).to.match(/^[\w-]{43}$/);
          } catch (error) {
            if (!(error instanceof AppError)) throw error;
            expect(error.reason).to.be.oneOf(['malformed', 'token_key']);
          }
        }),
        { numRuns: 300 },
      );
    });
  });

  describe('removed', () => {
    it('is gone only if it still holds the token in question', () => {
      const [mine, newer] = [stored(), stored()];
      file.write(newer);
      file.removeIfHolds(mine.token);
      expect(file.read()).to.deep.equal(newer);
      file.removeIfHolds(newer.token);
      expect(existsSync(path)).to.equal(false);
      file.removeIfHolds(newer.token);
    });

    it('is kept where it is no longer what was read', () => {
      const mine = stored();
      file.write(mine);
      chmodSync(path, 0o644);
      file.removeIfHolds(mine.token);
      expect(existsSync(path)).to.equal(true);
      place('not a token');
      file.removeIfHolds(mine.token);
      expect(existsSync(path)).to.equal(true);
    });

    it('is gone where it is malformed and a logout says so', () => {
      place('not a token');
      file.remove();
      file.remove();
      expect(readdirSync(folder)).to.deep.equal([]);
    });

    it('cannot be removed from a folder without the right to', async () => {
      file.write(stored());
      chmodSync(folder, 0o500);
      expect(await withoutPrivileges(() => reasonOf(() => file.remove()))).to.equal('token_file_unwritable');
    });
  });

  describe('sealed', () => {
    const key = randomBytes(32);
    let sealed: SessionFile;

    beforeEach(() => {
      sealed = new SessionFile(path, key);
    });

    const refused = (problem: string, exitCode: number) => ({ reason: 'token_key', exitCode, problem, path });

    it('is one line of JSON without the token and its mark, and is read with the key', () => {
      const session = stored();
      sealed.write(session);
      const text = readFileSync(path, 'utf8');
      expect(text).to.match(
        /^\{"v":2,"sealed":"[\w-]{95}","email":"user@example.com","user_id":7,"server":"redis:\/\/localhost:6379\/0"\}\n$/,
      );
      for (const secret of [session.token, session.mark, session.mark.slice(0, 12)]) {
        expect(text).not.to.include(secret);
      }
      const { mark, ...rest } = session;
      expect(sealed.read()).to.deep.equal(rest);
      expect(statSync(path).mode & 0o7777).to.equal(0o600);
    });

    it('is never sealed twice the same', () => {
      const session = stored();
      const texts = Array.from({ length: 20 }, () => {
        sealed.write(session);
        return readFileSync(path, 'utf8');
      });
      expect(new Set(texts).size).to.equal(20);
    });

    it('is refused with 78 with another key, and kept', async () => {
      sealed.write(stored());
      const before = readFileSync(path);
      const other = new SessionFile(path, randomBytes(32));
      expect(await problem(() => other.read())).to.deep.equal(refused('unopened', 78));
      other.removeIfHolds(newToken());
      other.refuseUnsafe();
      expect(readFileSync(path)).to.deep.equal(before);
    });

    it('is refused with 4 without a key, and so is a plain one with a key', async () => {
      sealed.write(stored());
      expect(await problem(() => file.read())).to.deep.equal(refused('sealed', 4));
      file.write(stored());
      expect(await problem(() => sealed.read())).to.deep.equal(refused('plain', 4));
      place(newToken());
      expect(await problem(() => sealed.read())).to.deep.equal(refused('plain', 4));
    });

    it('is mended by the next login, whatever was there', () => {
      const before = [() => file.write(stored()), () => place(newToken()), () => place('not a token')];
      for (const fill of [...before, () => new SessionFile(path, randomBytes(32)).write(stored())]) {
        fill();
        sealed.refuseUnsafe();
        const next = stored();
        sealed.write(next);
        expect(sealed.read()?.token).to.equal(next.token);
        sealed.removeIfHolds(newToken());
        sealed.removeIfHolds(next.token);
        expect(existsSync(path)).to.equal(false);
      }
    });

    it('is checked as a plain one is', async () => {
      sealed.write(stored());
      chmodSync(path, 0o640);
      expect(await problem(() => sealed.read())).to.deep.equal(unsafe('open_bits'));
      expect(await problem(() => sealed.refuseUnsafe())).to.deep.equal(unsafe('open_bits'));
    });

    it('is refused with 78 with another user or server written into it', async () => {
      sealed.write(stored());
      const text = readFileSync(path, 'utf8');
      for (const [from, to] of [
        ['"user_id":7', '"user_id":8'],
        ['user@', 'other@'],
        ['localhost', 'evil.example'],
        ['6379/0', '6379/1'],
      ] as const) {
        place(text.replace(from, to));
        expect(await problem(() => sealed.read()), to).to.deep.equal(refused('unopened', 78));
      }
    });

    it('is refused with 78 where anything else was changed, and with 4 without a key', async () => {
      sealed.write(stored());
      const text = readFileSync(path, 'utf8');
      for (const content of [
        text.replace('"v":2', '"v":3'),
        text.replace('"v":2', '"v":1'),
        text.replace('"v":2', '"v":"2"'),
        text.replace('}', ',"more":1}'),
        text.replace('}', `,"token":"${newToken()}"}`),
        text.replace('}', ',"__proto__":{}}'),
        text.replace('"email":"user@example.com",', ''),
        text.replace('"user_id":7', '"user_id":"7"'),
        text.replace(/"sealed":"[^"]*"/, `"token":"${newToken()}"`),
        text.replace('"v":2,', `"v":1,"token":"${newToken()}",`),
        text.replace(/"sealed":"[^"]*",/, ''),
        text.replace(/"sealed":"[^"]*"/, '"sealed":5'),
        text.replace(/"sealed":"[^"]*"/, '"sealed":null'),
      ]) {
        place(content);
        expect(await problem(() => sealed.read()), content).to.deep.equal(refused('unopened', 78));
        expect(await problem(() => file.read()), content).to.deep.equal(refused('sealed', 4));
      }
    });

    it('is malformed where nothing says that it was sealed', async () => {
      sealed.write(stored());
      const text = readFileSync(path, 'utf8');
      const unsealed = text.replace(/"sealed":"[^"]*",/, '');
      for (const content of [text.slice(0, -20), `[${text}]`, unsealed.replace('"v":2', '"v":3')]) {
        place(content);
        for (const reader of [sealed, file]) {
          expect((await failureOf(() => reader.read())).reason, content).to.equal('malformed');
        }
      }
    });

    it('is refused with 78 where what was sealed is no token', async () => {
      sealed.write(stored({ token: 'no token' }));
      expect(await problem(() => sealed.read())).to.deep.equal(refused('unopened', 78));
    });

    it('is the session, malformed or refused, whatever is changed in it', () => {
      const session = stored();
      sealed.write(session);
      const text = readFileSync(path, 'utf8');
      const change = fc.record({ at: fc.nat(text.length), removed: fc.nat(9), added: fc.string() });
      fc.assert(
        fc.property(change, ({ at, removed, added }) => {
          writeFileSync(path, text.slice(0, at) + added + text.slice(at + removed));
          try {
            expect(sealed.read()).to.include({ token: session.token, userId: 7, server: session.server });
          } catch (error) {
            if (!(error instanceof AppError)) throw error;
            expect(error.reason).to.be.oneOf(['malformed', 'token_key']);
          }
        }),
        { numRuns: 500 },
      );
    });
  });

  it('lets a login replace what is malformed, and nothing that is not safe', async () => {
    file.refuseUnsafe();
    place('not a token');
    file.refuseUnsafe();
    chmodSync(path, 0o644);
    expect(await reasonOf(() => file.refuseUnsafe())).to.equal('token_file_unsafe');
  });
});

/** Root may do everything: runs something with the rights of nobody, but as the same user. */
async function withoutPrivileges<T>(action: () => Promise<T>): Promise<T> {
  if (!isRoot) return action();
  process.seteuid?.(NOBODY);
  try {
    return await action();
  } finally {
    process.seteuid?.(0);
  }
}

function mountSmall(folder: string): boolean {
  if (!isRoot || process.platform !== 'linux') return false;
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16k,mode=700', 'none', folder], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function fill(path: string): void {
  try {
    writeFileSync(path, Buffer.alloc(1024 * 1024));
  } catch (error) {
    expect((error as NodeJS.ErrnoException).code).to.equal('ENOSPC');
  }
}
