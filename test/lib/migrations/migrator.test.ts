import { expect } from 'chai';
import { migrateToLatest, migrationStatus } from '../../../src/lib/migrations/migrator.ts';
import { AccountDatabase } from '../../support/account-database.ts';
import { failureOf } from '../../support/failure-of.ts';
import { type PythonSchemaOptions, pythonSchema } from '../user/python-schema.ts';

const ALL = ['0001-account-tables', '0002-account-indexes', '0003-login-counters'];

describe('migrations', () => {
  let database: AccountDatabase;

  before(async () => {
    database = await AccountDatabase.create();
  });

  after(() => database.close());

  beforeEach(() => database.reset());

  const migrate = () => migrateToLatest(database.connect());

  async function relations(schema = 'public'): Promise<string[]> {
    const rows = await database.run<{ name: string }>(
      `select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where n.nspname = '${schema}' and c.relkind in ('r', 'i') order by 1`,
    );
    return rows.map(({ name }) => name);
  }

  async function columns(table: string): Promise<Record<string, string>> {
    const rows = await database.run<{ name: string; type: string }>(
      `select attname as name, format_type(atttypid, atttypmod) || case when attnotnull then ' not null' else '' end as type
       from pg_attribute where attrelid = '${table}'::regclass and attnum > 0 and not attisdropped order by attnum`,
    );
    return Object.fromEntries(rows.map(({ name, type }) => [name, type]));
  }

  describe('of an empty database', () => {
    it('make the tables, and nothing the second time', async () => {
      expect(await migrate()).to.deep.equal({ applied: ALL });
      expect(await columns('usuario')).to.deep.equal({
        id: 'integer not null',
        email: 'text not null',
        password_hash: 'text',
        rol: 'text not null',
        auth_user_id: 'uuid',
        nombre: 'text',
        creado_en: 'timestamp without time zone not null',
      });
      const profile = { id: 'integer not null', usuario_id: 'integer not null', nombre: 'text' };
      expect(await columns('huesped')).to.deep.equal(profile);
      expect(await columns('anfitrion')).to.deep.equal(profile);

      const before = await relations();
      expect(await migrate()).to.deep.equal({ applied: [] });
      expect(await relations()).to.deep.equal(before);
    });

    it('are told apart into those that were applied and those that are pending', async () => {
      const db = database.connect();
      expect(await migrationStatus(db)).to.deep.equal({ applied: [], pending: ALL });
      expect(await relations()).to.deep.equal([]);
      await migrate();
      expect(await migrationStatus(db)).to.deep.equal({ applied: ALL, pending: [] });
    });

    it('happen once when five run them at once', async () => {
      const results = await Promise.all(Array.from({ length: 5 }, migrate));
      expect(results.flatMap(({ applied }) => applied)).to.deep.equal(ALL);
    });

    it('allow an e-mail once, whatever its case, and known roles only', async () => {
      await migrate();
      await database.run(`insert into usuario (email, rol) values ('ana@example.com', 'HUESPED')`);
      const again = await failureOf(
        database.run(`insert into usuario (email, rol) values ('Ana@Example.com', 'AMBOS')`),
      );
      expect(again.params).to.include({ detail: '23505', constraint: 'usuario_email_lower_key' });
      const admin = await failureOf(
        database.run(`insert into usuario (email, rol) values ('b@x.es', 'ADMIN')`),
      );
      expect(admin.params).to.include({ detail: '23514', table: 'usuario' });
    });

    it('go to the current schema, and leave tables of the same name in others alone', async () => {
      await database.run('create schema elsewhere; create table elsewhere.usuario (id text, email int)');
      expect(await migrate()).to.deep.equal({ applied: ALL });
      expect(await relations('elsewhere')).to.deep.equal(['usuario']);
      expect(await relations()).to.include.members(['usuario', 'airbnb_migration']);
    });

    it('are refused where a newer version has been', async () => {
      await migrate();
      await database.run(
        `insert into airbnb_migration values ('9999-of-the-future', '2999-01-01T00:00:00.000Z')`,
      );
      const failure = await failureOf(migrate());
      expect(failure).to.include({ reason: 'unsupported_schema' });
      expect(failure.params).to.include({ detail: 'migrations_differ' });
    });
  });

  describe('of a database of the Python system', () => {
    const variants: PythonSchemaOptions[] = [
      {},
      { idType: 'bigserial', rolType: 'tipo_rol', creadoEnType: 'timestamptz' },
      { rolType: 'tipo_rol', trigger: true },
    ];
    for (const variant of variants) {
      it(`add what is missing and change nothing else: ${JSON.stringify(variant)}`, async () => {
        await database.run(pythonSchema(variant));
        await database.run(`insert into usuario (email, rol) values ('ana@example.com', 'AMBOS')`);
        const [before, huesped] = [await columns('usuario'), await columns('huesped')];
        expect(await migrate()).to.deep.equal({ applied: ALL });
        expect(await columns('usuario')).to.deep.equal({ ...before, password_hash: 'text', nombre: 'text' });
        expect(await columns('huesped')).to.deep.equal(huesped);
        expect(await database.run('select email, password_hash, nombre from usuario')).to.deep.equal([
          { email: 'ana@example.com', password_hash: null, nombre: null },
        ]);
        expect(await migrate()).to.deep.equal({ applied: [] });
      });
    }

    it('keep indexes that already do the work', async () => {
      await database.run(pythonSchema());
      await database.run(`
        create unique index correo on usuario (lower(email));
        create index perfil on huesped (usuario_id, nombre);`);
      await migrate();
      const names = await relations();
      expect(names).to.include.members(['correo', 'perfil', 'anfitrion_usuario_id_idx']);
      expect(names).not.to.include.members(['usuario_email_lower_key']);
      expect(names).not.to.include.members(['huesped_usuario_id_idx']);
    });

    it('make the profiles where they are missing, even if usuario.id is no key', async () => {
      await database.run(
        'create table usuario (id bigserial, email text, rol text, auth_user_id uuid, creado_en timestamp)',
      );
      await migrate();
      expect(await columns('huesped')).to.include({ id: 'bigint not null', usuario_id: 'bigint not null' });
    });

    const unsupported: Array<[string, string, Record<string, unknown>]> = [
      [
        'an id of another type',
        'alter table anfitrion alter column id drop default, alter column id type text',
        { table: 'anfitrion', column: 'id', type: 'text', detail: 'column_type' },
      ],
      [
        'a uuid that is text',
        'alter table usuario alter column auth_user_id type varchar(36)',
        { table: 'usuario', column: 'auth_user_id', type: 'character varying(36)', detail: 'column_type' },
      ],
      [
        'a date in place of a time',
        'alter table usuario alter column creado_en type date',
        { table: 'usuario', column: 'creado_en', type: 'date', detail: 'column_type' },
      ],
      [
        'a domain with the name of an accepted type',
        `create schema elsewhere; create domain elsewhere.text as pg_catalog.text;
         alter table huesped alter column nombre type elsewhere.text`,
        { table: 'huesped', column: 'nombre', type: 'elsewhere.text', detail: 'column_type' },
      ],
      [
        'a column that is missing',
        'alter table huesped drop column usuario_id',
        { table: 'huesped', column: 'usuario_id', detail: 'missing_column' },
      ],
      [
        'a view',
        'alter table anfitrion rename to perfiles; create view anfitrion as select * from perfiles',
        { table: 'anfitrion', detail: 'not_a_table' },
      ],
      [
        'e-mails that differ in case alone',
        `insert into usuario (email, rol) values ('ana@example.com', 'AMBOS'), ('ANA@example.com', 'AMBOS')`,
        { table: 'usuario', column: 'email', count: 1, detail: 'duplicate_email' },
      ],
    ];
    for (const [what, statements, params] of unsupported) {
      it(`refuse ${what}, by name, and leave everything as it was`, async () => {
        await database.run(pythonSchema());
        await database.run(statements);
        const before = await relations();
        const failure = await failureOf(migrate());
        expect(failure).to.include({ reason: 'unsupported_schema', exitCode: 78 });
        expect(failure.params).to.include({ engine: 'postgres', ...params });
        expect(await relations()).to.deep.equal(before);
      });
    }

    it('refuse an enum without one of the roles', async () => {
      await database.run(pythonSchema({ rolType: 'tipo_rol', labels: ['HUESPED', 'ANFITRION'] }));
      const failure = await failureOf(migrate());
      expect(failure.params).to.include({
        column: 'rol',
        type: 'tipo_rol',
        detail: 'missing_label',
        label: 'AMBOS',
      });
    });
  });
});
