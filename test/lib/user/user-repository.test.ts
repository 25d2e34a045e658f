import { expect } from 'chai';
import { migrateToLatest } from '../../../src/lib/migrations/migrator.ts';
import { type NewAccount, UserRepository } from '../../../src/lib/user/user-repository.ts';
import { AccountDatabase } from '../../support/account-database.ts';
import { failureOf, reasonOf } from '../../support/failure-of.ts';
import { type PythonSchemaOptions, pythonSchema } from './python-schema.ts';

const ANA: NewAccount = { email: 'Ana@Example.com', nombre: 'Ana', rol: 'HUESPED', passwordHash: 'hash' };

describe('the repository of accounts', () => {
  let database: AccountDatabase;
  let users: UserRepository;

  before(async () => {
    database = await AccountDatabase.create();
  });

  after(() => database.close());

  /** Empties the database, lays out the tables and opens a repository on them. */
  async function layOut(statements?: string): Promise<void> {
    await database.reset();
    if (statements) await database.run(statements);
    const db = database.connect();
    await migrateToLatest(db);
    users = new UserRepository(db);
  }

  describe('on tables of our own', () => {
    beforeEach(() => layOut());

    it('makes an account with the profiles of its rol', async () => {
      const guest = await users.insert(ANA);
      expect(guest).to.include({
        id: 1,
        email: 'Ana@Example.com',
        nombre: 'Ana',
        rol: 'HUESPED',
        passwordHash: 'hash',
        authUserId: null,
        huespedId: 1,
        anfitrionId: null,
      });
      expect(await users.insert({ ...ANA, email: 'b@x.es', rol: 'ANFITRION' })).to.include({
        huespedId: null,
        anfitrionId: 1,
      });
      expect(await users.insert({ ...ANA, email: 'c@x.es', rol: 'AMBOS' })).to.include({
        huespedId: 2,
        anfitrionId: 2,
      });
      expect(await database.run('select usuario_id, nombre from huesped order by id')).to.deep.equal([
        { usuario_id: 1, nombre: 'Ana' },
        { usuario_id: 3, nombre: 'Ana' },
      ]);
    });

    it('finds it by its e-mail in any case, and by its id', async () => {
      const ana = await users.insert({ ...ANA, email: 'Ana.María@Example.com' });
      expect(await users.findByEmail('ANA.MARíA@EXAMPLE.COM')).to.deep.equal(ana);
      expect(await users.findById(ana.id)).to.deep.equal(ana);
    });

    it('finds nobody by what nobody has', async () => {
      await users.insert(ANA);
      for (const email of ['ana@example.co', '%', '', 'ana\0@example.com', 'x'.repeat(100_000)]) {
        expect(await users.findByEmail(email)).to.equal(undefined);
      }
      expect(await users.findById(2)).to.equal(undefined);
      expect(await users.findById(Number.MAX_SAFE_INTEGER)).to.equal(undefined);
    });

    it('gives an e-mail to one alone, also when several ask at once', async () => {
      const repositories = Array.from({ length: 5 }, () => new UserRepository(database.connect()));
      const outcomes = await Promise.allSettled(
        repositories.map((each, index) =>
          each.insert({ ...ANA, email: index % 2 ? 'ANA@x.es' : 'ana@x.es' }),
        ),
      );
      const refused = outcomes.flatMap((each) => (each.status === 'rejected' ? [each.reason.reason] : []));
      expect(refused).to.deep.equal(Array(4).fill('email_taken'));
      expect(await database.run('select count(*)::int as n from huesped')).to.deep.equal([{ n: 1 }]);
    });

    it('does not call an e-mail taken when it is the id that is', async () => {
      await database.run(`insert into usuario (id, email, rol) values (1, 'b@x.es', 'AMBOS')`);
      expect(await reasonOf(users.insert(ANA))).to.equal('unsupported_schema');
    });

    it('replaces the hash', async () => {
      const { id } = await users.insert(ANA);
      expect(await users.setPasswordHash(id, 'other')).to.equal(true);
      expect((await users.findById(id))?.passwordHash).to.equal('other');
      expect(await users.setPasswordHash(99, 'other')).to.equal(false);
    });
  });

  describe('on a database of the Python system', () => {
    const variants: PythonSchemaOptions[] = [
      {},
      { idType: 'bigserial', rolType: 'tipo_rol', creadoEnType: 'timestamptz' },
      { rolType: 'tipo_rol', trigger: true },
      { idType: 'bigserial', trigger: true },
    ];
    for (const variant of variants) {
      it(`makes each profile once: ${JSON.stringify(variant)}`, async () => {
        await layOut(pythonSchema(variant));
        const both = await users.insert({ ...ANA, rol: 'AMBOS' });
        expect(both).to.include({ id: 1, rol: 'AMBOS', nombre: 'Ana', huespedId: 1, anfitrionId: 1 });
        expect(await users.insert({ ...ANA, email: 'b@x.es' })).to.include({
          huespedId: 2,
          anfitrionId: null,
        });
        expect(await database.run('select usuario_id::int from huesped order by id')).to.deep.equal([
          { usuario_id: 1 },
          { usuario_id: 2 },
        ]);
        expect(await database.run('select usuario_id::int from anfitrion')).to.deep.equal([
          { usuario_id: 1 },
        ]);
        expect(await users.findByEmail('ana@example.com')).to.deep.equal(both);
      });
    }

    it('takes the name from the account, the guest, the host, or the e-mail', async () => {
      await layOut(pythonSchema());
      await database.run(`
        insert into usuario (email, rol, nombre) values
          ('a@x.es', 'AMBOS', 'Account'), ('b@x.es', 'AMBOS', null), ('c@x.es', 'AMBOS', ''), ('d.e@x.es', 'AMBOS', null);
        insert into huesped (usuario_id, nombre) values (1, 'Guest'), (2, 'Guest'), (3, null);
        insert into anfitrion (usuario_id, nombre) values (1, 'Host'), (2, 'Host'), (3, 'Host');`);
      const names = [];
      for (const id of [1, 2, 3, 4]) names.push((await users.findById(id))?.nombre);
      expect(names).to.deep.equal(['Account', 'Guest', 'Host', 'd.e']);
    });

    it('reads an account that the Python system made', async () => {
      await layOut(pythonSchema());
      await database.run(`
        insert into usuario (email, rol, auth_user_id, creado_en)
          values ('ana@x.es', 'HUESPED', '5C1F0E62-13B6-4E8A-9A2B-0D3C2B1A0F00', '2025-11-16 15:00:00.123456'),
            ('b@x.es', 'HUESPED', null, null), ('c@x.es', 'HUESPED', null, 'infinity');`);
      expect(await users.findByEmail('ana@x.es')).to.deep.equal({
        id: 1,
        email: 'ana@x.es',
        passwordHash: null,
        rol: 'HUESPED',
        authUserId: '5c1f0e62-13b6-4e8a-9a2b-0d3c2b1a0f00',
        huespedId: null,
        anfitrionId: null,
        nombre: 'ana',
        creadoEn: '2025-11-16T15:00:00.123',
      });
      expect((await users.findById(2))?.creadoEn).to.equal('1970-01-01T00:00:00.000');
      expect((await users.findById(3))?.creadoEn).to.equal('1970-01-01T00:00:00.000');
    });

    for (const creadoEnType of ['timestamp', 'timestamptz'] as const) {
      it(`writes and reads a ${creadoEnType} in UTC, whatever the zone of the database`, async () => {
        await layOut(pythonSchema({ creadoEnType }));
        const [{ name } = { name: '' }] = await database.run<{ name: string }>(
          'select current_database() as name',
        );
        await database.run(`alter database "${name}" set timezone to 'America/Bogota'`);
        try {
          const there = new UserRepository(database.connect());
          const { creadoEn } = await there.insert(ANA);
          expect(Date.parse(`${creadoEn}Z`)).to.be.closeTo(Date.now(), 60_000);
          expect((await users.findByEmail(ANA.email))?.creadoEn).to.equal(creadoEn);
        } finally {
          await database.run(`alter database "${name}" reset timezone`);
        }
      });
    }

    it('names the column that a profile lacks', async () => {
      await layOut(pythonSchema());
      await database.run('alter table huesped add column pais text not null');
      const failure = await failureOf(users.insert(ANA));
      expect(failure).to.include({ reason: 'unsupported_schema' });
      expect(failure.params).to.include({ table: 'huesped', column: 'pais', detail: '23502' });
      expect(await database.run('select count(*)::int as n from usuario')).to.deep.equal([{ n: 0 }]);
    });

    it('refuses a rol and an id that it cannot hand on', async () => {
      await layOut(pythonSchema({ idType: 'bigserial' }));
      await database.run(`
        insert into usuario (id, email, rol) values (1, 'a@x.es', 'ADMIN'), (9007199254740993, 'b@x.es', 'AMBOS')`);
      expect((await failureOf(users.findById(1))).params).to.include({ column: 'rol', detail: 'rol_value' });
      expect((await failureOf(users.findByEmail('b@x.es'))).params).to.include({
        column: 'id',
        detail: 'id_value',
      });
    });

    it('asks for the migrations where they have not run', async () => {
      await database.reset();
      expect(await reasonOf(users.findByEmail('a@x.es'))).to.equal('tables_missing');
      await database.run(pythonSchema());
      expect(await reasonOf(users.findByEmail('a@x.es'))).to.equal('tables_missing');
    });
  });
});
