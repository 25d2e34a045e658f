export interface PythonSchemaOptions {
  idType?: 'serial' | 'bigserial';
  rolType?: 'varchar(20)' | 'tipo_rol';
  creadoEnType?: 'timestamp' | 'timestamptz';
  /** Labels of the enum, where rol is one. */
  labels?: readonly string[];
  /** A trigger makes the profiles of a new account. */
  trigger?: boolean;
}

/** The tables of accounts as the Python system makes them. */
export function pythonSchema({
  idType = 'serial',
  rolType = 'varchar(20)',
  creadoEnType = 'timestamp',
  labels = ['HUESPED', 'ANFITRION', 'AMBOS'],
  trigger = false,
}: PythonSchemaOptions = {}): string {
  const reference = idType === 'serial' ? 'int' : 'bigint';
  return `
    create type tipo_rol as enum (${labels.map((label) => `'${label}'`).join(', ')});
    create table usuario (
      id ${idType} primary key,
      email varchar(255) unique not null,
      rol ${rolType} not null,
      auth_user_id uuid,
      creado_en ${creadoEnType} default now()
    );
    create table huesped (
      id ${idType} primary key,
      usuario_id ${reference} references usuario (id),
      nombre varchar(255),
      telefono varchar(30)
    );
    create table anfitrion (
      id ${idType} primary key,
      usuario_id ${reference} references usuario (id),
      nombre varchar(255),
      verificado boolean not null default false
    );
    ${trigger ? PROFILE_TRIGGER : ''}`;
}

const PROFILE_TRIGGER = `
  create function crear_perfiles() returns trigger language plpgsql as $$
  begin
    if new.rol::text in ('HUESPED', 'AMBOS') then
      insert into huesped (usuario_id, nombre) values (new.id, split_part(new.email, '@', 1));
    end if;
    if new.rol::text in ('ANFITRION', 'AMBOS') then
      insert into anfitrion (usuario_id, nombre) values (new.id, split_part(new.email, '@', 1));
    end if;
    return new;
  end $$;
  create trigger perfiles after insert on usuario for each row execute function crear_perfiles();`;
