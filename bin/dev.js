#!/usr/bin/env node

// Runs the sources as they are, without a build: slower, and the same in all else.
const { spawnSync } = require('node:child_process');
const { join } = require('node:path');
const { pathToFileURL } = require('node:url');

if (process.env.AIRBNB_DEV !== 'yes') {
  // tsx has to be there before Node starts, or import() does not find TypeScript.
  // By its place: --import looks for a name in the current folder's packages.
  const tsx = pathToFileURL(require.resolve('tsx')).href;
  const { status } = spawnSync(process.execPath, ['--import', tsx, __filename, ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, AIRBNB_DEV: 'yes' },
  });
  process.exit(status ?? 1);
}
delete process.env.AIRBNB_DEV;
const debug = process.env.DEBUG;
delete process.env.DEBUG;
if (process.argv.includes('exec')) process.on('SIGUSR1', () => {});

const root = join(__dirname, '..');

require('../src/cli.ts')
  .main(process.argv.slice(2), { root, debug, stock: { root, ignoreManifest: true } })
  .then(() => {
    // As bin/run.js: a command that went well leaves its connections to the end of the process.
    if (!process.exitCode) process.exit();
  });
