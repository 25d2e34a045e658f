#!/usr/bin/env node
'use strict';

// Runs the sources as they are, without a build: slower, and the same in all else.
delete process.env.DEBUG;

const { join } = require('node:path');

require('tsx/cjs');

const root = join(__dirname, '..');
const pjson = require('../package.json');
const commands = { ...pjson.oclif.commands, target: './src/command-table.ts' };

require('../src/cli.ts').main(process.argv.slice(2), {
  root,
  pjson: { ...pjson, oclif: { ...pjson.oclif, commands } },
  ignoreManifest: true,
});
