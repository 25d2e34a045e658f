import { userInfo } from 'node:os';
import { expect } from 'chai';
import fc from 'fast-check';
import { postgresAddress } from '../../../src/lib/connections/postgres-address.ts';
import { AppError } from '../../../src/lib/errors.ts';
import { failureOf } from '../../support/failure-of.ts';
import { settingsOf } from '../../support/settings-of.ts';

describe('the address of PostgreSQL', () => {
  const read = (environment: Record<string, string>) => postgresAddress(settingsOf(environment));
  const me = userInfo().username;
  const plain = {
    host: 'localhost',
    port: 5432,
    user: me,
    password: undefined,
    database: me,
    sslMode: 'prefer',
    sslRootCert: undefined,
  };

  it('is none where nothing names a server', () => {
    expect(read({})).to.equal(undefined);
    expect(read({ PGUSER: 'ana', PGPASSWORD: 'word', PGSSLMODE: 'require' })).to.equal(undefined);
  });

  const urls: Record<string, object> = {
    'postgres://db': { host: 'db' },
    'postgresql://ana:word@db:6000/airbnb': {
      host: 'db',
      port: 6000,
      user: 'ana',
      password: 'word',
      database: 'airbnb',
    },
    'postgres://ana@db': { host: 'db', user: 'ana', database: 'ana' },
    'postgres://a%40b:p%2Fw%23%3F%C3%B1@db/d%20b': {
      host: 'db',
      user: 'a@b',
      password: 'p/w#?ñ',
      database: 'd b',
    },
    'postgres://ana:a,b@db/x': { host: 'db', user: 'ana', password: 'a,b', database: 'x' },
    'postgres://[::1]:5433/x': { host: '::1', port: 5433, database: 'x' },
    'postgres://db/x?sslmode=verify-full&sslrootcert=/ca.pem': {
      host: 'db',
      database: 'x',
      sslMode: 'verify-full',
      sslRootCert: '/ca.pem',
    },
    'postgres:///x?host=/run/postgresql&port=5433': {
      host: '/run/postgresql',
      port: 5433,
      database: 'x',
      sslMode: 'disable',
    },
    'postgres://%2Frun%2Fpostgresql/x': { host: '/run/postgresql', database: 'x', sslMode: 'disable' },
    'postgres:///?host=db&user=ana&password=word&dbname=x': {
      host: 'db',
      user: 'ana',
      password: 'word',
      database: 'x',
    },
  };
  for (const [url, address] of Object.entries(urls)) {
    it(`is read from ${url}`, () => {
      expect(read({ DATABASE_URL: url })).to.deep.equal({ ...plain, ...address });
    });
  }

  const refused: Record<string, string> = {
    db: 'not_a_postgres_url',
    'mysql://db': 'not_a_postgres_url',
    'postgres://db:port': 'not_a_postgres_url',
    'postgres://db:0/x': 'not_a_postgres_url',
    'postgres://db/x?port=70000': 'not_a_postgres_url',
    'postgres://ana:pa%ss@db/x': 'not_a_postgres_url',
    'postgres://secret#word@db/x': 'not_a_postgres_url',
    'postgres://ana:12/secret@db/x': 'not_a_postgres_url',
    'postgres://ana:12?secret@db/x': 'not_a_postgres_url',
    'postgres://a,b/x': 'several_hosts',
    'postgres://ana:word@a:1,b:2/x': 'several_hosts',
    'postgres:///x?host=a,b': 'several_hosts',
    'postgres://db/x?sslmode=allow': 'not_an_sslmode',
    'postgres://db/x?sslmode=no-verify': 'not_an_sslmode',
    'postgres://db/x?sslmode=': 'not_an_sslmode',
  };
  it('is refused from a PGHOST that is no host', async () => {
    for (const PGHOST of ['postgres://ana:secret@db/x', 'ana@db', 'db name']) {
      const { params } = await failureOf(() => read({ PGHOST }));
      expect(params).to.deep.equal({ setting: 'PGHOST', problem: 'not_a_host' });
    }
    expect(read({ PGHOST: '/var/run/postgresql', PGUSER: 'ana' })?.host).to.equal('/var/run/postgresql');
  });

  for (const [url, problem] of Object.entries(refused)) {
    it(`is refused from ${url}: ${problem}`, async () => {
      const { reason, exitCode, params } = await failureOf(() => read({ DATABASE_URL: url }));
      expect({ reason, exitCode, params }).to.deep.equal({
        reason: 'invalid_setting',
        exitCode: 78,
        params: { setting: 'DATABASE_URL', problem },
      });
    });
  }

  it('is read from the PG variables', () => {
    const variables = {
      PGHOST: 'db',
      PGPORT: '6000',
      PGUSER: 'ana',
      PGPASSWORD: 'p@ss',
      PGDATABASE: 'airbnb',
      PGSSLMODE: 'verify-ca',
      PGSSLROOTCERT: '/ca.pem',
    };
    expect(read(variables)).to.deep.equal({
      host: 'db',
      port: 6000,
      user: 'ana',
      password: 'p@ss',
      database: 'airbnb',
      sslMode: 'verify-ca',
      sslRootCert: '/ca.pem',
    });
    expect(read({ PGDATABASE: 'x' })).to.deep.equal({ ...plain, database: 'x' });
    expect(read({ PGHOST: '/run/postgresql' })).to.deep.equal({
      ...plain,
      host: '/run/postgresql',
      sslMode: 'disable',
    });
  });

  it('takes what the URL lacks from the PG variables, and nothing that it has', () => {
    const variables = {
      PGUSER: 'ana',
      PGPASSWORD: 'word',
      PGSSLMODE: 'require',
      PGHOST: 'other',
      PGDATABASE: 'other',
    };
    expect(read({ DATABASE_URL: 'postgres://db/x', ...variables })).to.deep.equal({
      ...plain,
      host: 'db',
      user: 'ana',
      password: 'word',
      database: 'x',
      sslMode: 'require',
    });
    expect(read({ DATABASE_URL: 'postgres://bob:b@db/x?sslmode=disable', ...variables })).to.include({
      user: 'bob',
      password: 'b',
      sslMode: 'disable',
    });
  });

  const faults: [Record<string, string>, object][] = [
    [{ PGHOST: 'a,b' }, { setting: 'PGHOST', problem: 'several_hosts' }],
    [
      { PGHOST: 'a', PGPORT: '5432,5433' },
      { setting: 'PGPORT', problem: 'not_a_whole_number' },
    ],
    [
      { PGHOST: 'a', PGSSLMODE: 'yes' },
      { setting: 'PGSSLMODE', problem: 'not_an_sslmode' },
    ],
    [
      { DATABASE_URL: 'postgres://db/x', PGSSLMODE: 'yes' },
      { setting: 'PGSSLMODE', problem: 'not_an_sslmode' },
    ],
  ];
  for (const [environment, params] of faults) {
    it(`is refused for ${JSON.stringify(environment)}`, async () => {
      const failure = await failureOf(() => read(environment));
      expect([failure.reason, failure.exitCode]).to.deep.equal(['invalid_setting', 78]);
      expect(failure.params).to.include(params);
    });
  }

  it('fails with our own error or not at all', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        'postgres://',
        'postgresql://',
        ':',
        '@',
        '/',
        '[',
        ']',
        '?',
        '&',
        '#',
        '%',
        ',',
        'host=',
        'sslmode=',
        'port=',
        'db',
      ),
      fc.string({ unit: 'binary', maxLength: 3 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 10 }), (pieces) => {
        const text = pieces.join('');
        if (text === '') return;
        try {
          expect(read({ DATABASE_URL: text })?.port).to.be.within(1, 65_535);
        } catch (error) {
          if (!(error instanceof AppError)) throw error;
          expect(error.reason).to.equal('invalid_setting');
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
