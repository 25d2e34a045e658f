import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expect } from 'chai';
import { type BuildResult, build } from 'esbuild';
import { DATABASE_REWRITES, fastStart, OF_KYSELY } from '../../scripts/build/fast-start.ts';

const requireHere = createRequire(__filename);

/** What pg's authentication calls. */
interface PgCrypto {
  postgresMd5PasswordHash(user: string, password: string, salt: Buffer): string | Promise<string>;
  randomBytes(length: number): Buffer;
  deriveKey(password: string, salt: Buffer, iterations: number): Promise<ArrayBuffer>;
  sha256(data: Uint8Array): unknown;
  hashByName(name: string, data: Uint8Array): unknown;
  hmacSha256(key: Uint8Array, text: string): unknown;
  md5(text: string): string | Promise<string>;
}

/** A module of a package as the rewrites of this name leave it. */
async function rewritten(module: string, name: string): Promise<unknown> {
  const result: BuildResult<{ write: false }> = await build({
    entryPoints: [requireHere.resolve(module)],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    plugins: [fastStart(DATABASE_REWRITES.filter((each) => each.name === name))],
  });
  const bundle = { exports: {} };
  new Function('module', 'exports', 'require', result.outputFiles[0]?.text ?? '')(
    bundle,
    bundle.exports,
    requireHere,
  );
  return bundle.exports;
}

const hex = (bytes: unknown) => Buffer.from(bytes as ArrayBuffer).toString('hex');

describe("the rewrite of pg's crypto", () => {
  let theirs: PgCrypto;
  let ours: PgCrypto;

  before(async () => {
    theirs = requireHere('pg/lib/crypto/utils.js');
    ours = (await rewritten('pg/lib/crypto/utils.js', 'no Web Crypto')) as PgCrypto;
  });

  it('has all that theirs has', () => {
    expect(ours).not.to.equal(theirs);
    expect(ours).to.have.all.keys(Object.keys(theirs));
  });

  it('calculates the same', async () => {
    const salt = Buffer.from([0, 1, 2, 254, 255]);
    for (const text of [
      '',
      'correct horse',
      'contraseña \u{1f511}',
      'x'.repeat(300),
      'n=,r=fyko+d2lbbFgONRv9',
    ]) {
      const bytes = Buffer.from(text);
      expect(await ours.md5(text)).to.equal(await theirs.md5(text));
      expect(await ours.postgresMd5PasswordHash('ana', text, salt)).to.equal(
        await theirs.postgresMd5PasswordHash('ana', text, salt),
      );
      expect(hex(await ours.sha256(bytes))).to.equal(hex(await theirs.sha256(bytes)));
      expect(hex(await ours.hmacSha256(salt, text))).to.equal(hex(await theirs.hmacSha256(salt, text)));
      expect(hex(await ours.deriveKey(text, salt, 4096))).to.equal(
        hex(await theirs.deriveKey(text, salt, 4096)),
      );
      for (const name of ['SHA-1', 'SHA-256', 'SHA-384', 'SHA-512']) {
        expect(hex(await ours.hashByName(name, bytes))).to.equal(hex(await theirs.hashByName(name, bytes)));
      }
    }
  });

  it('draws as many random bytes', () => {
    expect(ours.randomBytes(18)).to.have.lengthOf(18);
    expect(hex(ours.randomBytes(18))).not.to.equal(hex(ours.randomBytes(18)));
  });

  it('refuses rounds that are none, as theirs does', async () => {
    for (const crypto of [ours, theirs]) {
      const outcome = await crypto.deriveKey('x', Buffer.from('salt'), 0).then(
        () => 'derived',
        () => 'refused',
      );
      expect(outcome).to.equal('refused');
    }
  });
});

describe('the rewrite of Kysely', () => {
  it('has all that is imported of it', () => {
    const source = join(__dirname, '../../src');
    const imported = new Set<string>();
    for (const file of readdirSync(source, { recursive: true, encoding: 'utf8' })) {
      if (!file.endsWith('.ts')) continue;
      const text = readFileSync(join(source, file), 'utf8');
      for (const [, names = ''] of text.matchAll(/^import \{([^}]*)\} from 'kysely';$/gm)) {
        for (const name of names.split(',')) imported.add(name.trim());
      }
    }
    const values = [...imported].filter((name) => name !== '' && !name.startsWith('type '));
    expect(values.sort()).to.deep.equal([...OF_KYSELY].sort());
  });
});
