import { type Environment, Settings } from '../../src/lib/settings.ts';

/** Settings that come from these variables alone. */
export function settingsOf(environment: Environment): Settings {
  return new Settings(environment, { configFolder: '/nonexistent', packageRoot: '/nonexistent' });
}
