import { expect } from 'chai';
import type { Kysely } from 'kysely';
import { AccountService, LookUp } from '../../../src/lib/auth/account-service.ts';
import { openPostgres } from '../../../src/lib/connections/postgres.ts';
import { AppError } from '../../../src/lib/errors.ts';
import { migrateToLatest } from '../../../src/lib/migrations/migrator.ts';
import { UserRepository } from '../../../src/lib/user/user-repository.ts';
import type { Tables } from '../../../src/lib/user/user-schema.ts';
import { AccountDatabase, configOf, urlOf } from '../../support/account-database.ts';
import { failureOf, reasonOf } from '../../support/failure-of.ts';
import { type FlightProxy, startProxy } from '../../support/flight-proxy.ts';

const ANA = { email: 'Ana@Example.com', nombre: 'Ana', rol: 'AMBOS', password: 'correct horse' } as const;

describe('accounts', () => {
  let database: AccountDatabase;
  let db: Kysely<Tables>;
  let accounts: AccountService;

  before(async () => {
    database = await AccountDatabase.create();
    db = database.connect();
    await migrateToLatest(db);
    accounts = new AccountService(new UserRepository(db));
  });

  after(() => database.close());

  beforeEach(() => database.run('truncate usuario, huesped, anfitrion restart identity'));

  it('are registered, and verified by their password', async () => {
    const ana = await accounts.register(ANA);
    expect(ana).to.include({
      id: 1,
      email: 'Ana@Example.com',
      nombre: 'Ana',
      rol: 'AMBOS',
      authUserId: null,
    });
    expect(await accounts.verify(' ana@example.COM ', ANA.password)).to.deep.equal(ana);
  });

  it('have one e-mail, however it is written', async () => {
    await accounts.register({ ...ANA, email: ' Pe\u00f1a@x.es' });
    for (const email of ['Peña@x.es', 'PEÑA@X.ES', 'pen\u0303a@x.es ']) {
      expect(await reasonOf(accounts.register({ ...ANA, email }))).to.equal('email_taken');
      expect((await accounts.verify(email, ANA.password)).id).to.equal(1);
    }
  });

  it('of one e-mail are made once when several ask at once', async () => {
    const services = Array.from(
      { length: 5 },
      () => new AccountService(new UserRepository(database.connect())),
    );
    const outcomes = await Promise.allSettled(services.map((service) => service.register(ANA)));
    const refused = outcomes.flatMap((each) => (each.status === 'rejected' ? [each.reason.reason] : []));
    expect(refused).to.deep.equal(Array(4).fill('email_taken'));
  });

  it('are held to the rules before anything is stored', async () => {
    expect(await reasonOf(accounts.register({ ...ANA, email: 'ana' }))).to.equal('invalid_email');
    expect(await reasonOf(accounts.register({ ...ANA, nombre: '' }))).to.equal('invalid_nombre');
    expect(await reasonOf(accounts.register({ ...ANA, password: 'x'.repeat(73) }))).to.equal(
      'invalid_password',
    );
    expect(await database.run('select from usuario')).to.deep.equal([]);
  });

  it('refuse an unknown e-mail, a wrong password and an account without one alike', async () => {
    await accounts.register(ANA);
    await database.run(`insert into usuario (email, rol) values ('bea@example.com', 'HUESPED')`);
    const failures = [];
    for (const email of [ANA.email, 'bea@example.com', 'nobody@example.com', 'no\0body', '']) {
      failures.push(await failureOf(accounts.verify(email, 'wrong password')));
    }
    for (const { reason, params, exitCode } of failures) {
      expect({ reason, params, exitCode }).to.deep.equal({
        reason: 'wrong_credentials',
        params: {},
        exitCode: 4,
      });
    }
  });

  /** Gives accounts whose flights can be counted, on a connection that is made already. */
  async function counted(use: (service: AccountService, proxy: FlightProxy) => Promise<void>): Promise<void> {
    const proxy = await startProxy(urlOf(database.config));
    const proxied = openPostgres<Tables>({ ...configOf(proxy.url), sslMode: 'disable' });
    try {
      const service = new AccountService(new UserRepository(proxied));
      await service.verify(ANA.email, ANA.password); // connects
      await proxy.reset();
      await use(service, proxy);
    } finally {
      await proxied.destroy();
      await proxy.close();
    }
  }

  it('are looked up in one flight, whatever the answer', async () => {
    await accounts.register(ANA);
    await counted(async (service, proxy) => {
      for (const [email, password] of [
        [ANA.email, ANA.password],
        [ANA.email, 'wrong password'],
        ['nobody@example.com', ANA.password],
      ] as const) {
        await proxy.reset();
        await service.verify(email, password).catch(() => {});
        expect(proxy.flights).to.equal(1);
        expect(proxy.connections).to.equal(0);
      }
    });
  });

  it('are looked up before their password is tested, once', async () => {
    const ana = await accounts.register(ANA);
    await counted(async (service, proxy) => {
      const found = await service.lookUp(ANA.email);
      expect(await found.account).to.deep.equal(ana);
      expect(await service.verify(ANA.email, ANA.password, { found })).to.deep.equal(ana);
      expect(proxy.flights).to.equal(1);
    });
  });

  it('are looked up again where that was for another e-mail, failed, or is long ago', async () => {
    const ana = await accounts.register(ANA);
    const bea = await accounts.register({ ...ANA, email: 'bea@example.com', password: 'another horse' });
    const failed = new LookUp(ANA.email, Promise.reject(new AppError('unreachable')));
    const old = new LookUp(ANA.email, Promise.resolve(bea));
    await new Promise((resolve) => setTimeout(resolve, 600));
    for (const found of [await accounts.lookUp(bea.email), failed, old]) {
      expect(await accounts.verify(ANA.email, ANA.password, { found })).to.deep.equal(ana);
    }
  });

  it('take as long to refuse', async () => {
    await accounts.register(ANA);
    await database.run(`insert into usuario (email, rol) values ('bea@example.com', 'HUESPED')`);
    const times: Record<string, number[]> = {
      [ANA.email]: [],
      'bea@example.com': [],
      'nobody@example.com': [],
    };
    for (let run = 0; run < 5; run++) {
      for (const [email, taken] of Object.entries(times)) {
        const start = performance.now();
        await failureOf(accounts.verify(email, 'wrong password'));
        taken.push(performance.now() - start);
      }
    }
    const [wrong = 1, ...others] = Object.values(times).map((taken) => taken.sort((a, b) => a - b)[2] ?? 0);
    for (const other of others) expect(other / wrong).to.be.within(0.6, 1.6);
  });

  it('let a password sign in that the rules would refuse today', async () => {
    // Python's bcrypt made it, of 140 bytes.
    await database.run(`insert into usuario (email, rol, password_hash) values ('bea@example.com', 'HUESPED',
      '$2b$12$KF2BtUAk6SR8DvD7DHUTnebWqRjN/jXtzdd/e/MRceN2QpT8BFxcu')`);
    expect(await accounts.verify('bea@example.com', 'ñandú'.repeat(20))).to.include({ id: 1, nombre: 'bea' });
  });

  it('change their password for who knows the old one', async () => {
    const { id } = await accounts.register(ANA);
    expect(await reasonOf(accounts.changePassword(id, 'wrong', 'another horse'))).to.equal(
      'wrong_credentials',
    );
    expect(await reasonOf(accounts.changePassword(id, ANA.password, 'short'))).to.equal('invalid_password');
    expect(await reasonOf(accounts.changePassword(99, ANA.password, 'another horse'))).to.equal(
      'unknown_account',
    );
    await accounts.changePassword(id, ANA.password, 'another horse');
    expect((await accounts.verify(ANA.email, 'another horse')).id).to.equal(id);
    expect(await reasonOf(accounts.verify(ANA.email, ANA.password))).to.equal('wrong_credentials');
  });

  it('get a password from whoever runs the database', async () => {
    await database.run(`insert into usuario (email, rol) values ('bea@example.com', 'HUESPED')`);
    expect(await accounts.setPassword('BEA@example.com', 'her first one')).to.include({
      id: 1,
      nombre: 'bea',
    });
    expect((await accounts.verify('bea@example.com', 'her first one')).id).to.equal(1);
    expect(await reasonOf(accounts.setPassword('nobody@example.com', 'her first one'))).to.equal(
      'unknown_account',
    );
    expect(await reasonOf(accounts.setPassword('bea@example.com', 'short'))).to.equal('invalid_password');
  });
});
