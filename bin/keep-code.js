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
const { isAbsolute, join } = require('node:path');

/**
 * Keeps the compiled code of the program for the runs that follow, after one that went well. Never fails: a cache that
 * cannot be written costs nothing but time.
 */
exports.keepCode = (script, folder, name, checksum) => {
  const wentWell = !process.exitCode && /^[a-z]+$/.test(process.argv[2] ?? '');
  if (!wentWell || !isAbsolute(folder)) return;
  const temporary = join(folder, `${name}.${process.pid}`);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
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
  const [build] = name.split('-');
  for (const other of readdirSync(folder)) {
    if (/^[0-9a-f]{16}-.*\.code$/.test(other) && !other.startsWith(build)) unlinkSync(join(folder, other));
  }
}
