/** Mocha's settings, for `npm test` and for `npx mocha test/some.test.ts` alike. */
module.exports = {
  'node-option': ['import=tsx', 'disable-warning=ExperimentalWarning'],
  require: ['./test/support/global-setup.ts'],
  reporter: './test/support/totals-reporter.ts',
  extension: ['ts'],
  timeout: 20_000,
  slow: 1_000,
  'forbid-only': Boolean(process.env.CI),
};
