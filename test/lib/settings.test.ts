import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { AppError } from '../../src/lib/errors.ts';
import { type Environment, Settings } from '../../src/lib/settings.ts';
import { failureOf } from '../support/failure-of.ts';
import { settingsOf } from '../support/settings-of.ts';

describe('the settings', () => {
  let root: string;
  let places: { configFolder: string; packageRoot: string };

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'airbnb-settings-'));
    places = { configFolder: join(root, 'config'), packageRoot: join(root, 'package') };
    for (const folder of Object.values(places)) mkdirSync(folder);
  });

  afterEach(() => rmSync(root, { recursive: true }));

  const read = (environment: Environment = {}) => new Settings(environment, places);
  const told = async (action: () => unknown) => {
    const { reason, exitCode, params } = await failureOf(action);
    return { reason, exitCode, ...params };
  };

  describe('come from', () => {
    it('nowhere: every one is undefined', () => {
      const settings = read();
      expect(settings.get('REDIS_URL')).to.equal(undefined);
      expect(settings.source('REDIS_URL')).to.equal('default');
      expect(settings.envFile).to.equal(undefined);
    });

    it('the environment, over the file', () => {
      writeFileSync(join(places.configFolder, '.env'), 'REDIS_URL=redis://file\nREDIS_PORT=1\n');
      const settings = read({ REDIS_URL: 'redis://environment' });
      expect(settings.get('REDIS_URL')).to.equal('redis://environment');
      expect(settings.source('REDIS_URL')).to.equal('environment');
      expect(settings.get('REDIS_PORT')).to.equal('1');
      expect(settings.source('REDIS_PORT')).to.equal('file');
    });

    it('the first file that is found, never two', () => {
      const named = join(root, 'named.env');
      writeFileSync(join(places.packageRoot, '.env'), 'REDIS_HOST=package\nREDIS_PORT=1');
      expect(read().get('REDIS_HOST')).to.equal('package');

      writeFileSync(join(places.configFolder, '.env'), 'REDIS_HOST=config');
      expect(read().get('REDIS_HOST')).to.equal('config');
      expect(read().get('REDIS_PORT')).to.equal(undefined);
      expect(read().envFile).to.equal(join(places.configFolder, '.env'));

      writeFileSync(named, '');
      const settings = read({ AIRBNB_ENV_FILE: named });
      expect(settings.envFile).to.equal(named);
      expect(settings.get('REDIS_HOST')).to.equal(undefined);
    });

    it('never the current folder', () => {
      const outside = process.cwd();
      const here = join(root, 'here');
      mkdirSync(here);
      writeFileSync(join(here, '.env'), 'REDIS_URL=redis://stranger');
      process.chdir(here);
      try {
        expect(read().get('REDIS_URL')).to.equal(undefined);
      } finally {
        process.chdir(outside);
      }
    });

    it('a file in the usual forms of a .env', () => {
      const text =
        '\ufeff# comment\r\nREDIS_HOST = "a b" # more\r\nexport REDIS_PORT=7\r\nPGUSER=\'x#y\'\r\n#REDIS_DB=3\n';
      writeFileSync(join(places.configFolder, '.env'), text);
      const settings = read();
      expect(settings.get('REDIS_HOST')).to.equal('a b');
      expect(settings.get('REDIS_PORT')).to.equal('7');
      expect(settings.get('PGUSER')).to.equal('x#y');
      expect(settings.get('REDIS_DB')).to.equal(undefined);
    });
  });

  describe('from a named file', () => {
    it('that is missing are an error, whatever other file there is', async () => {
      writeFileSync(join(places.configFolder, '.env'), '');
      const missing = join(root, 'missing.env');
      expect(await told(() => read({ AIRBNB_ENV_FILE: missing }))).to.deep.equal({
        reason: 'env_file_unreadable',
        exitCode: 78,
        path: missing,
        code: 'ENOENT',
      });
    });

    it('that cannot be read are an error', async () => {
      expect(await told(() => read({ AIRBNB_ENV_FILE: root }))).to.include({
        reason: 'env_file_unreadable',
        code: 'EISDIR',
      });
      mkdirSync(join(places.configFolder, '.env'));
      expect(await told(() => read())).to.include({ reason: 'env_file_unreadable', code: 'EISDIR' });
    });

    it('may come through a pipe, which is not waited for without end', async () => {
      const pipe = join(root, 'pipe');
      execFileSync('mkfifo', [pipe]);
      expect(await told(() => read({ AIRBNB_ENV_FILE: pipe }))).to.include({
        reason: 'env_file_unreadable',
        code: 'ETIMEDOUT',
      });
      const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
      const writer = openSync(pipe, constants.O_WRONLY);
      try {
        writeSync(writer, 'REDIS_URL=redis://piped:6379\n');
        closeSync(writer);
        expect(read({ AIRBNB_ENV_FILE: pipe }).get('REDIS_URL')).to.equal('redis://piped:6379');
      } finally {
        closeSync(reader);
      }
    });

    it('that have no end are an error', async () => {
      expect(await told(() => read({ AIRBNB_ENV_FILE: '/dev/zero' }))).to.include({
        reason: 'env_file_unreadable',
        code: 'EFBIG',
      });
    });

    it('without a name are an error', async () => {
      expect(await told(() => read({ AIRBNB_ENV_FILE: '' }))).to.deep.equal({
        reason: 'empty_setting',
        exitCode: 78,
        setting: 'AIRBNB_ENV_FILE',
      });
    });
  });

  describe('that are set but empty', () => {
    for (const name of [
      'DATABASE_URL',
      'PGHOST',
      'REDIS_URL',
      'REDIS_HOST',
      'REDIS_PORT',
      'REDIS_USERNAME',
      'REDIS_TLS_CA',
      'REDIS_CLUSTER',
      'REDIS_SENTINELS',
      'REDIS_MASTER_NAME',
      'AIRBNB_SESSION_TTL',
      'AIRBNB_SESSION_FILE',
      'AIRBNB_STRICT',
      'AIRBNB_LANG',
      'AIRBNB_TRACE',
      'AIRBNB_OF_A_LATER_VERSION',
    ]) {
      it(`are an error that names ${name}`, async () => {
        const expected = { reason: 'empty_setting', exitCode: 78, setting: name };
        expect(await told(() => read({ [name]: '' }).refuseEmpty())).to.deep.equal(expected);
        const path = join(places.configFolder, '.env');
        writeFileSync(path, `${name}=\n`);
        expect(await told(() => read().refuseEmpty())).to.deep.equal({ ...expected, path });
        // One that the environment fills is not empty, and one that it empties is.
        read({ [name]: 'x' }).refuseEmpty();
        writeFileSync(join(places.configFolder, '.env'), `${name}=x\n`);
        expect(await told(() => read({ [name]: '' }).refuseEmpty())).to.deep.equal(expected);
      });
    }

    it('are fine for passwords, which count as not set', () => {
      for (const name of ['REDIS_PASSWORD', 'PGPASSWORD']) {
        writeFileSync(join(places.configFolder, '.env'), `${name}=\n`);
        const settings = read({ [name]: '' });
        settings.refuseEmpty();
        expect(settings.get(name)).to.equal(undefined);
        writeFileSync(join(places.configFolder, '.env'), `${name}=word\n`);
        expect(read({ [name]: '' }).get(name)).to.equal('word');
        expect(read({ [name]: '' }).source(name)).to.equal('file');
      }
    });

    it('are fine for AIRBNB_TOKEN, which is told apart from one that is not set', () => {
      writeFileSync(join(places.configFolder, '.env'), 'AIRBNB_TOKEN=from-file\n');
      const settings = read({ AIRBNB_TOKEN: '' });
      settings.refuseEmpty();
      expect(settings.raw('AIRBNB_TOKEN')).to.equal('');
      expect(read().raw('AIRBNB_TOKEN')).to.equal('from-file');
    });

    it('are fine for what is not ours', () => {
      read({
        LC_ALL: '',
        LANG: '',
        NO_COLOR: '',
        PGUSER: '',
        PGSSLMODE: '',
        OTHER: '',
        XREDIS_URL: '',
      }).refuseEmpty();
    });
  });

  describe('that say yes or no', () => {
    for (const [text, value] of Object.entries({ 1: true, true: true, 0: false, false: false })) {
      it(`take ${text}`, () => expect(settingsOf({ X: text }).flag('X')).to.equal(value));
    }

    it('are no where they are not set', () => expect(settingsOf({}).flag('X')).to.equal(false));

    for (const text of ['yes', 'no', 'TRUE', 'on', '2', ' 1', '1 ', 'tru']) {
      it(`refuse "${text}"`, async () => {
        expect(await told(() => settingsOf({ X: text }).flag('X'))).to.deep.equal({
          reason: 'invalid_setting',
          exitCode: 78,
          setting: 'X',
          problem: 'not_a_boolean',
        });
      });
    }
  });

  describe('that are whole numbers', () => {
    const bounds = { min: 1, max: 31_536_000 };

    it('take what is within the bounds', () => {
      for (const [text, number] of Object.entries({ 1: 1, 90: 90, 31536000: 31_536_000, '007': 7 })) {
        expect(settingsOf({ X: text }).wholeNumber('X', bounds)).to.equal(number);
      }
      expect(settingsOf({}).wholeNumber('X', bounds)).to.equal(undefined);
    });

    for (const text of [
      '0',
      '31536001',
      '-1',
      '1.5',
      '1e3',
      '0x10',
      '90s',
      ' 90',
      '٣',
      'NaN',
      '9'.repeat(400),
    ]) {
      it(`refuse "${text.slice(0, 20)}"`, async () => {
        expect(await told(() => settingsOf({ X: text }).wholeNumber('X', bounds))).to.deep.equal({
          reason: 'invalid_setting',
          exitCode: 78,
          setting: 'X',
          problem: 'not_a_whole_number',
          ...bounds,
        });
      });
    }
  });

  it('survive whatever a .env holds', () => {
    const line = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc
        .tuple(
          fc.constantFrom(
            'AIRBNB_SESSION_TTL',
            'REDIS_URL',
            'AIRBNB_STRICT',
            'export PGHOST',
            '__proto__',
            'constructor',
          ),
          fc.constantFrom('=', ' = ', ': ', ''),
          fc.oneof(fc.string(), fc.constantFrom('', '"', "'", '`', '\\', '$(x)', '"a\nb"', '90', 'yes')),
        )
        .map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(fc.array(line), fc.constantFrom('\n', '\r\n', '\r'), (lines, end) => {
        writeFileSync(join(places.configFolder, '.env'), lines.join(end));
        try {
          const settings = read();
          settings.refuseEmpty();
          settings.flag('AIRBNB_STRICT');
          settings.wholeNumber('AIRBNB_SESSION_TTL', { min: 1, max: 9 });
        } catch (error) {
          if (!(error instanceof AppError)) throw error;
          expect(error.reason).to.be.oneOf(['empty_setting', 'invalid_setting']);
          expect(Object.keys(error.params)).to.include('setting');
        }
      }),
      { numRuns: 300 },
    );
  });
});
