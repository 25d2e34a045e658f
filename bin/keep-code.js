const {
  closeSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  unlinkSync,
  writeSync,
} = require('node:fs');
const { dirname, isAbsolute, join } = require('node:path');

/**
 * Keeps the compiled code of a bundle for the runs that follow. Never fails: a cache that cannot be written costs
 * nothing but time.
 * @param name the bundle, its build, of which commands it is where others have their own, and what V8 it is for:
 *   `cli-<16 hex digits>-v20.19.0-x64.code`, `database-<16 hex digits>-login-v20.19.0-x64.code`
 */
exports.keepCode = (script, folder, name, checksum) => {
  if (!isTypical(name) || !isAbsolute(folder)) return;
  const temporary = join(folder, `${name}.${process.pid}`);
  try {
    makeFolder(dirname(folder));
    makeFolder(folder);
    const { uid, mode } = lstatSync(folder);
    if (uid !== process.getuid() || (mode & 0o022) !== 0) return;
    const code = script.createCachedData();
    const sum = Buffer.alloc(4);
    sum.writeUInt32LE(checksum(code, code.length));
    write(temporary, Buffer.concat([code, sum]));
    renameSync(temporary, join(folder, name));
    removeOthers(folder, name);
  } catch {
    try {
      unlinkSync(temporary);
    } catch {
      // It was never made.
    }
  }
};

/** V8 keeps the code of what was called: of the bundle of commands, a TAB would keep less than the next command calls. */
function isTypical(name) {
  const isTab = process.argv[2]?.startsWith('_');
  return !process.exitCode && !(isTab && name.startsWith('run-command-'));
}

function makeFolder(folder) {
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch {
    // It is there, or what comes next will fail.
  }
}

function write(path, data) {
  const descriptor = openSync(path, 'wx', 0o600);
  try {
    if (writeSync(descriptor, data) !== data.length) throw new Error('disk full');
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** The code of earlier builds is of no use any more. */
function removeOthers(folder, name) {
  const [, bundle, build] = /^(.+)-([0-9a-f]{16})-/.exec(name);
  for (const other of readdirSync(folder)) {
    const [, otherBundle, otherBuild] = /^(.+)-([0-9a-f]{16})-.*\.code$/.exec(other) ?? [];
    if (otherBundle === bundle && otherBuild !== build) unlinkSync(join(folder, other));
  }
}
