#!/usr/bin/env node

// DEBUG makes libraries print AUTH arguments and keys, so it goes before anything else is loaded.
delete process.env.DEBUG;

const { join } = require('node:path');

require('../dist/cli.js').main(process.argv.slice(2), { root: join(__dirname, '..') });
