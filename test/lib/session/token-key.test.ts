import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { readTokenKey } from '../../../src/lib/session/token-key.ts';
import { failureOf } from '../../support/failure-of.ts';
import { settingsOf } from '../../support/settings-of.ts';

const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;
const KEY = 'AIRBNB_TOKEN_KEY';
const KEY_FILE = 'AIRBNB_TOKEN_KEY_FILE';

describe('the key of the token file', () => {
  let folder: string;
  let path: string;
  // Ends in a character with spare bits, and has characters that the two alphabets write differently.
  const bytes = Buffer.concat([Buffer.from([0xfb, 0xff, 0xbe]), randomBytes(29)]);
  const standard = bytes.toString('base64');

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'airbnb-key-'));
    path = join(folder, 'key');
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const read = (environment: Record<string, string>) => readTokenKey(settingsOf(environment));
  const fault = async (environment: Record<string, string>) => {
    const { reason, exitCode, params } = await failureOf(() => read(environment));
    return { reason, exitCode, ...params };
  };
  const invalid = (setting: string, problem: string) => ({
    reason: 'invalid_setting',
    exitCode: 78,
    setting,
    problem,
  });
  function place(content: string | Buffer, mode = 0o600): void {
    writeFileSync(path, content);
    chmodSync(path, mode);
  }

  it('is none where nothing is set', () => expect(read({})).to.equal(undefined));

  it('is 32 bytes in base64 of either alphabet, padded or not, with a line end or without', () => {
    const padded = [standard, standard.replaceAll('+', '-').replaceAll('/', '_')];
    for (const text of [...padded, ...padded.map((each) => each.replace('=', ''))]) {
      for (const end of ['', '\n', '\r\n']) {
        expect(read({ [KEY]: text + end })).to.deep.equal(bytes);
        place(text + end);
        expect(read({ [KEY_FILE]: path })).to.deep.equal(bytes);
      }
    }
  });

  const wrong: Record<string, string> = {
    'a word': 'secret',
    '31 bytes': randomBytes(31).toString('base64'),
    '33 bytes': randomBytes(33).toString('base64'),
    '64 bytes': randomBytes(64).toString('base64'),
    '32 bytes in hex': bytes.toString('hex'),
    '32 characters': 'x'.repeat(32),
    'both alphabets': `+_${standard.slice(2)}`,
    'a blank before it': ` ${standard}`,
    'a line before it': `\n${standard}`,
    'two line ends': `${standard}\n\n`,
    'two keys': `${standard}\n${standard}`,
    'too much padding': `${standard}=`,
    'padding inside': `=${standard.slice(1)}`,
    'another character': `!${standard.slice(1)}`,
    'bits that belong to no byte': `${'A'.repeat(42)}B=`,
  };
  for (const [what, text] of Object.entries(wrong)) {
    it(`is refused, and not repeated: ${what}`, async () => {
      expect(await fault({ [KEY]: text })).to.deep.equal(invalid(KEY, 'not_a_key'));
      place(text);
      expect(await fault({ [KEY_FILE]: path })).to.deep.equal(invalid(KEY_FILE, 'no_key_in_file'));
    });
  }

  it('is not in both places, even if it is the same', async () => {
    place(standard);
    const { reason, exitCode } = await failureOf(() => read({ [KEY]: standard, [KEY_FILE]: path }));
    expect({ reason, exitCode }).to.deep.equal({ reason: 'conflicting_settings', exitCode: 78 });
  });

  describe('in a file', () => {
    it('is refused where there is none', async () => {
      expect(await fault({ [KEY_FILE]: path })).to.deep.equal(invalid(KEY_FILE, 'unreadable_file'));
    });

    it('is refused in an empty file, one of bytes that are no text, and a large one', async () => {
      for (const content of [
        '',
        '\n',
        Buffer.from([0, 1, 0xff, 0xfe]),
        Buffer.alloc(10 * 1024 * 1024, standard),
      ]) {
        place(content);
        expect(await fault({ [KEY_FILE]: path })).to.deep.equal(invalid(KEY_FILE, 'no_key_in_file'));
      }
    });

    it('is refused with a bit for anybody else', async () => {
      place(standard);
      for (const bit of [0o040, 0o020, 0o010, 0o004, 0o002, 0o001]) {
        chmodSync(path, 0o600 | bit);
        expect(await fault({ [KEY_FILE]: path })).to.deep.equal(invalid(KEY_FILE, 'unsafe_key_file'));
      }
      chmodSync(path, 0o400);
      expect(read({ [KEY_FILE]: path })).to.deep.equal(bytes);
    });

    it('is refused in what is no regular file, at once', async () => {
      execFileSync('mkfifo', ['-m', '600', path]);
      expect(await fault({ [KEY_FILE]: path })).to.deep.equal(invalid(KEY_FILE, 'unsafe_key_file'));
      expect(await fault({ [KEY_FILE]: '/dev/null' })).to.deep.equal(invalid(KEY_FILE, 'unsafe_key_file'));
      expect(await fault({ [KEY_FILE]: folder })).to.deep.equal(invalid(KEY_FILE, 'unsafe_key_file'));
    });

    it('may be behind links, as secrets of Kubernetes are: where they lead is checked', async () => {
      mkdirSync(join(folder, '..data'));
      place(standard);
      const target = join(folder, '..data', 'target');
      writeFileSync(target, standard, { mode: 0o600 });
      rmSync(path);
      symlinkSync(target, path);
      expect(read({ [KEY_FILE]: path })).to.deep.equal(bytes);
      chmodSync(target, 0o644);
      expect(await fault({ [KEY_FILE]: path })).to.deep.equal(invalid(KEY_FILE, 'unsafe_key_file'));
      rmSync(target);
      expect(await fault({ [KEY_FILE]: path })).to.deep.equal(invalid(KEY_FILE, 'unreadable_file'));
    });

    it('is refused from somebody else (only root can try)', async function () {
      if (!isRoot) this.skip();
      place(standard);
      chownSync(path, NOBODY, NOBODY);
      expect(await fault({ [KEY_FILE]: path })).to.deep.equal(invalid(KEY_FILE, 'unsafe_key_file'));
    });

    it('may be root’s, for its group to read (only root can try)', async function () {
      if (!isRoot) this.skip();
      chmodSync(folder, 0o755);
      place(standard, 0o440);
      chownSync(path, 0, NOBODY);
      const asNobody = <T>(action: () => T): T => {
        const group = process.getegid?.() ?? 0;
        const { getuid } = process;
        process.setegid?.(NOBODY);
        process.seteuid?.(NOBODY);
        process.getuid = () => NOBODY;
        try {
          return action();
        } finally {
          process.getuid = getuid as () => number;
          process.seteuid?.(0);
          process.setegid?.(group);
        }
      };
      expect(asNobody(() => read({ [KEY_FILE]: path }))).to.deep.equal(bytes);
      for (const mode of [0o444, 0o460, 0o450]) {
        chmodSync(path, mode);
        const { params } = await failureOf(() => asNobody(() => read({ [KEY_FILE]: path })));
        expect(params.problem).to.equal('unsafe_key_file');
      }
    });
  });
});
