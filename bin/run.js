#!/usr/bin/env node

// DEBUG makes libraries print AUTH arguments and keys, so it goes before anything else is loaded.
const debug = process.env.DEBUG;
delete process.env.DEBUG;
// What is sent to exec is meant for what it runs. Where nobody listens to this one, Node opens its debugger.
if (process.argv.includes('exec')) process.on('SIGUSR1', () => {});

const { closeSync, existsSync, fstatSync, lstatSync, openSync, readSync } = require('node:fs');
const { basename, dirname, join } = require('node:path');
const { Script, constants } = require('node:vm');

/*
 * Compiling the program takes as long as all the rest of a short command, so V8's compiled code is kept: by the build
 * for its own Node, beside the program; by the first run of any other Node, in the user's cache. Without it, and
 * where something is wrong with it, everything works all the same, only slower.
 */

const root = dirname(__dirname);
const dist = join(root, 'dist');
const main = join(dist, 'cli.js');
if (!existsSync(main)) {
  process.stderr.write('airbnb is not built yet: run "npm run build" in its folder.\n');
  process.exit(1);
}

const flags = [...process.execArgv, process.env.NODE_OPTIONS]
  .join('')
  .replace(/[^\w=-]/g, '')
  .slice(0, 64);
const suffix = `${process.version}-${process.arch}${flags}.code`;
const importModuleDynamically = constants.USE_MAIN_CONTEXT_DEFAULT_LOADER;
/**
 * Of these bundles a login, what goes by a session (whoami, sessions, exec, TAB) and the other commands call different parts,
 * and keep their code apart.
 */
const DIFFERING = new Set(['run-command', 'database']);
const command = process.argv.slice(2).find((word) => !word.startsWith('-'));
const kind =
  command === 'login' ? 'login-' : /^(whoami|sessions|exec|__complete)$/.test(command) ? '' : 'other-';
const loaded = new Map();
/** Every file is read into the same memory: new memory takes as long as reading does. */
let memory = Buffer.alloc(0);

load(main)
  .main(process.argv.slice(2), { root, debug })
  .then(() => {
    // Everything is done and printed: the rest would be Node taking its heap apart.
    if (!process.exitCode) process.exit();
  });

/** Loads a bundle, once. The others are required by the first, as `./database.js` and the like. */
function load(file) {
  const known = loaded.get(file);
  if (known) return known.exports;
  const bundle = { exports: {} };
  loaded.set(file, bundle);
  const requireBundle = (id) => (id.startsWith('./') ? load(join(dist, id)) : require(id));
  requireBundle.resolve = require.resolve;
  compile(file).runInThisContext()(bundle.exports, requireBundle, bundle, file, dist);
  return bundle.exports;
}

function compile(filename) {
  const source = read(filename).latin1Slice(); // The build writes ASCII.
  const bundle = basename(filename, '.js');
  // V8 tells apart its own versions and flags, but of the source nothing except its length: hence the build's hash.
  const nameFor = (use) => `${bundle}-${source.slice(2, 18)}-${use}${suffix}`;
  const use = DIFFERING.has(bundle) ? kind : '';
  const own = nameFor(use);
  const known = withKeptCode(source, filename, own);
  if (known) return known;
  const similar = use ? withKeptCode(source, filename, nameFor('')) : undefined;
  if (similar && use !== 'login-') return similar; // These commands are rare: they gain less than it costs to keep more.
  const script = similar ?? new Script(source, { filename, importModuleDynamically });
  process.once('exit', () => require('./keep-code.js').keepCode(script, userFolder(), own, checksum));
  return script;
}

function withKeptCode(source, filename, name) {
  for (const folder of [dist, userFolder()]) {
    const cachedData = readCode(folder, name);
    if (!cachedData) continue;
    const script = new Script(source, { filename, cachedData, importModuleDynamically });
    if (!script.cachedDataRejected) return script;
  }
  return undefined;
}

/** Code that was kept, unless somebody else could have put it there: it runs with the rights of the user. */
function readCode(folder, name) {
  try {
    const { uid, mode } = lstatSync(folder);
    if ((mode & 0o022) !== 0 || (uid !== 0 && uid !== process.getuid())) return undefined;
    const code = read(join(folder, name));
    const end = code.length - 4;
    return code.readUInt32LE(end) === checksum(code, end) ? code.subarray(0, end) : undefined;
  } catch {
    return undefined;
  }
}

/** What a file holds, until the next one is read. */
function read(file) {
  const descriptor = openSync(file);
  try {
    const { size } = fstatSync(descriptor);
    if (size > memory.length) memory = Buffer.allocUnsafeSlow(size);
    let end = 0;
    for (let count = size; count > 0 && end < size; end += count) {
      count = readSync(descriptor, memory, end, size - end, end);
    }
    return memory.subarray(0, end);
  } finally {
    closeSync(descriptor);
  }
}

/** V8 finds a missing end, but no page that a crash of the machine kept from the disk: it looks at each of them. */
function checksum(code, end) {
  let sum = end;
  for (let at = 0; at < end; at += 509) sum = (Math.imul(sum, 31) + code[at]) >>> 0;
  return sum;
}

/** What env-paths calls the cache folder of airbnb; to load env-paths for it would take longer than the rest. */
function userFolder() {
  const { HOME = '', XDG_CACHE_HOME } = process.env;
  if (process.platform === 'darwin') return join(HOME, 'Library', 'Caches', 'airbnb');
  return join(XDG_CACHE_HOME || join(HOME, '.cache'), 'airbnb');
}
