import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Makes a folder, and those above it that are missing, for the user alone. Node's own `recursive` goes round for
 * ever below a folder such as /proc, which is there and still says that there is no such thing.
 * @throws the error of the file system
 */
export function makeFolders(path: string): void {
  try {
    makeFolder(path);
  } catch (error) {
    const above = dirname(path);
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || above === path) throw error;
    makeFolders(above);
    makeFolder(path);
  }
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // What is there may be a file; whoever puts something into it will find out.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
