import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { type Config, loadConfig } from '../../src/lib/config.ts';
import { AppError } from '../../src/lib/errors.ts';
import { failureOf } from '../support/failure-of.ts';

describe('the configuration', () => {
  let root: string;
  const PLACES = ['HOME', 'XDG_CONFIG_HOME', 'XDG_DATA_HOME', 'XDG_CACHE_HOME', 'XDG_STATE_HOME'];
  const outside = new Map(PLACES.map((name) => [name, process.env[name]]));

  beforeEach(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), 'airbnb-config-')));
    for (const name of PLACES) process.env[name] = join(root, name);
  });

  afterEach(() => {
    for (const [name, value] of outside) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    rmSync(root, { recursive: true });
  });

  const load = (environment: Record<string, string> = {}) => loadConfig(environment, join(root, 'package'));
  const told = async (action: () => unknown) => {
    const { reason, exitCode, params } = await failureOf(action);
    return { reason, exitCode, ...params };
  };

  it('names no server, and no strictness, where nothing is configured', () => {
    const config = load();
    config.validate();
    expect(config.redis).to.equal(undefined);
    expect(config.postgres).to.equal(undefined);
    expect([config.strict, config.noInput, config.trace]).to.deep.equal([false, false, false]);
    expect(config.lifetime).to.deep.equal({ ttl: 90, maxAge: undefined });
    expect(config.localIdle).to.equal(900);
    expect(config.token).to.equal(undefined);
    expect(config.sessionFile).to.equal(join(root, 'HOME', '.airbnb', 'session'));
  });

  it('has its folders where others have theirs, by the name alone', function () {
    if (process.platform !== 'linux') this.skip(); // env-paths has other folders elsewhere.
    expect(load().folders).to.deep.equal({
      config: join(root, 'XDG_CONFIG_HOME', 'airbnb'),
      data: join(root, 'XDG_DATA_HOME', 'airbnb'),
      cache: join(root, 'XDG_CACHE_HOME', 'airbnb'),
      state: join(root, 'XDG_STATE_HOME', 'airbnb'),
    });
  });

  it('reads the .env of its folder, else that of the package', () => {
    mkdirSync(join(root, 'package'));
    writeFileSync(join(root, 'package', '.env'), 'AIRBNB_SESSION_TTL=7');
    expect(load().lifetime.ttl).to.equal(7);
    const { config } = load().folders;
    mkdirSync(config, { recursive: true });
    writeFileSync(join(config, '.env'), 'AIRBNB_SESSION_TTL=8');
    expect(load().lifetime.ttl).to.equal(8);
    expect(load({ AIRBNB_SESSION_TTL: '9' }).lifetime.ttl).to.equal(9);
  });

  it('takes a lifetime of a second to a year', async () => {
    expect(load({ AIRBNB_SESSION_TTL: '1' }).lifetime.ttl).to.equal(1);
    expect(load({ AIRBNB_SESSION_TTL: '31536000' }).lifetime.ttl).to.equal(31_536_000);
    for (const ttl of ['0', '31536001', '1.5', '90 s']) {
      expect(await told(() => load({ AIRBNB_SESSION_TTL: ttl }).validate())).to.include({
        reason: 'invalid_setting',
        exitCode: 78,
        setting: 'AIRBNB_SESSION_TTL',
      });
    }
  });

  it('takes a maximal age that is at least the lifetime', async () => {
    const age = (maxAge: string, ttl = '90') =>
      load({ AIRBNB_SESSION_TTL: ttl, AIRBNB_SESSION_MAX_AGE: maxAge });
    expect(age('90').lifetime).to.deep.equal({ ttl: 90, maxAge: 90 });
    expect(await told(() => age('89').validate())).to.include({
      reason: 'invalid_setting',
      setting: 'AIRBNB_SESSION_MAX_AGE',
      min: 90,
    });
    expect(await told(() => age('100', '101').validate())).to.include({ min: 101 });
  });

  it('moves the token file', () => {
    expect(load({ AIRBNB_SESSION_FILE: '/elsewhere/token' }).sessionFile).to.equal('/elsewhere/token');
    expect(load({ AIRBNB_SESSION_FILE: 'token' }).sessionFile).to.equal(join(process.cwd(), 'token'));
  });

  it('takes AIRBNB_TOKEN as it is, less a line end, and an empty one apart from none', () => {
    for (const [text, token] of Object.entries({
      abc: 'abc',
      'abc\n': 'abc',
      'abc\r\n': 'abc',
      '': '',
      '\n': '',
    })) {
      const config = load({ AIRBNB_TOKEN: text });
      config.validate();
      expect(config.token).to.equal(token);
    }
  });

  const faults: [string, Record<string, string>][] = [
    ['AIRBNB_STRICT', { AIRBNB_STRICT: 'yes' }],
    ['AIRBNB_NO_INPUT', { AIRBNB_NO_INPUT: 'on' }],
    ['AIRBNB_TRACE', { AIRBNB_TRACE: '2' }],
    ['AIRBNB_LOCAL_IDLE', { AIRBNB_LOCAL_IDLE: '0' }],
    ['AIRBNB_TOKEN_KEY', { AIRBNB_TOKEN_KEY: 'short' }],
    ['AIRBNB_TOKEN_KEY', { AIRBNB_TOKEN_KEY: '' }],
    ['AIRBNB_TOKEN_KEY_FILE', { AIRBNB_TOKEN_KEY_FILE: '' }],
    ['AIRBNB_TOKEN_KEY_FILE', { AIRBNB_TOKEN_KEY_FILE: '/nowhere/key' }],
    ['AIRBNB_STRICT', { AIRBNB_STRICT: '' }],
    ['DATABASE_URL', { DATABASE_URL: '' }],
    ['REDIS_URL', { REDIS_URL: '' }],
  ];
  for (const [setting, environment] of faults) {
    it(`is refused as a whole for ${JSON.stringify(environment)}`, async () => {
      expect(await told(() => load(environment).validate())).to.include({ exitCode: 78, setting });
    });
  }

  it('has a documented reason for whatever a .env holds, which repeats no value', () => {
    const example = readFileSync(join(__dirname, '..', '..', '.env.example'), 'utf8');
    const names = [...example.matchAll(/^# ([A-Z_]+)=/gm)].map(([, name]) => name as string);
    const value = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 20 }),
      fc.constantFrom(
        '',
        '""',
        "''",
        '1',
        '0',
        'yes',
        '90',
        '-1',
        '1e9',
        '٣',
        '"a\nb"',
        '$(x)',
        '\\',
        '#',
        '\u0000',
      ),
      fc.constantFrom(
        'redis://',
        'redis://u:xk%secret@h:99999/x',
        'rediss://[::1',
        'postgres://h,i/d',
        'postgres://%',
      ),
      fc.constantFrom('h:1,h:2', 'h:1,rediss://h:2', ',', ':', 'https://xk%secret', '/nowhere/xk%secret'),
      fc.uint8Array({ minLength: 30, maxLength: 34 }).map((bytes) => Buffer.from(bytes).toString('base64')),
    );
    const line = fc.oneof(
      { weight: 9, arbitrary: fc.tuple(fc.constantFrom(...names), value).map((parts) => parts.join('=')) },
      fc.string({ unit: 'binary' }),
      fc.constantFrom('__proto__=1', 'export REDIS_URL', 'toString=x', '=', '='.repeat(9)),
    );
    const text = fc.tuple(fc.array(line, { maxLength: 6 }), fc.constantFrom('\n', '\r\n', '\r'));
    const path = join(root, 'fuzzed.env');
    const parts = (config: Config) =>
      [
        () => config.validate(),
        () => config.redis,
        () => config.postgres,
        () => config.token,
        () => config.tokenKey,
        () => config.sessionFile,
      ] as const;
    fc.assert(
      fc.property(text, ([lines, end]) => {
        writeFileSync(path, lines.join(end));
        for (const part of parts(load({ AIRBNB_ENV_FILE: path }))) {
          try {
            part();
          } catch (error) {
            if (!(error instanceof AppError)) throw error;
            expect(error.reason).to.be.oneOf(['empty_setting', 'invalid_setting', 'conflicting_settings']);
            expect(error.exitCode).to.equal(78);
            expect(JSON.stringify(error.params)).not.to.include('xk%');
          }
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('needs a home', async () => {
    process.env.HOME = 'relative';
    expect(await told(() => load())).to.deep.equal({ reason: 'home_missing', exitCode: 78 });
  });

  it('is read part by part: a fault of one is none of another', () => {
    const config: Config = load({ REDIS_URL: 'no url', DATABASE_URL: 'postgres://h/d' });
    config.validate();
    expect(config.postgres?.host).to.equal('h');
  });
});
