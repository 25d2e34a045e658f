/**
 * Variables from outside that would lead a run to somebody's own servers, files or language: ours, those of Redis
 * and PostgreSQL, and those that change what the product shows or records.
 */
const LEADING_ASTRAY = [
  /^AIRBNB_(?!TEST_)/,
  /^REDIS_/,
  /^PG[A-Z]/,
  /^XDG_/,
  /^SSH_/,
  /^(LC_.*|LANG|LANGUAGE)$/,
  /^(DATABASE_URL|DEBUG|NODE_DEBUG|NODE_EXTRA_CA_CERTS)$/,
];

/** What came from outside, without what could lead a run astray. */
export function harmlessEnvironment(outside: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const harmless = Object.entries(outside).filter(([name]) => !LEADING_ASTRAY.some((one) => one.test(name)));
  return Object.fromEntries(harmless);
}
