import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Config, loadConfig } from '../../src/lib/config.ts';
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
    ['AIRBNB_STRICT', { AIRBNB_STRICT: '' }],
    ['DATABASE_URL', { DATABASE_URL: '' }],
    ['REDIS_URL', { REDIS_URL: '' }],
  ];
  for (const [setting, environment] of faults) {
    it(`is refused as a whole for ${JSON.stringify(environment)}`, async () => {
      expect(await told(() => load(environment).validate())).to.include({ exitCode: 78, setting });
    });
  }

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
