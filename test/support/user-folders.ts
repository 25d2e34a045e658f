import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** The home of somebody who has never used the product, and all that belongs to it, in one temporary folder. */
export interface UserFolders {
  /** Holds the others. */
  root: string;
  home: string;
  /** Where commands run: neither the home nor a checkout. */
  work: string;
  /** Variables that make a program live in these folders, and read the settings of no checkout. */
  env: Record<string, string>;
  remove(): Promise<void>;
}

/** Makes them in a folder whose path is short: sockets live below it, and the path of a socket may not be long. */
export async function makeUserFolders(parent: string): Promise<UserFolders> {
  const root = await mkdtemp(path.join(await realpath(parent), 'airbnb-'));
  const at = (name: string) => path.join(root, name);
  const env = {
    HOME: at('home'),
    TMPDIR: at('tmp'),
    XDG_CACHE_HOME: at('home/.cache'),
    XDG_CONFIG_HOME: at('home/.config'),
    XDG_DATA_HOME: at('home/.local/share'),
    XDG_STATE_HOME: at('home/.local/state'),
    XDG_RUNTIME_DIR: at('run'),
    AIRBNB_ENV_FILE: at('empty.env'),
    LANG: 'C.UTF-8',
  };
  for (const folder of [env.HOME, env.TMPDIR, env.XDG_RUNTIME_DIR, at('work')]) {
    await mkdir(folder, { mode: 0o700 });
  }
  await writeFile(env.AIRBNB_ENV_FILE, '');
  return {
    root,
    home: env.HOME,
    work: at('work'),
    env,
    remove: () => rm(root, { recursive: true, force: true }),
  };
}
