import type { Config } from '@oclif/core';

/**
 * What a command that runs asks of oclif's Config. The rest of that is about finding commands, plugins and their
 * packages, which takes longer than `whoami` itself; help, which needs it, loads it.
 */
export function lightConfig(root: string, bin: string, version: string): Config {
  const scoped = (name: string) => `${bin.toUpperCase()}_${name}`;
  const config: Partial<Config> = {
    root,
    bin,
    name: bin,
    version,
    userAgent: `${bin}/${version}`,
    topicSeparator: ' ',
    // No behaviour of ours lives in a hook.
    runHook: async () => ({ failures: [], successes: [] }),
    scopedEnvVarKey: scoped,
    scopedEnvVarKeys: (name) => [scoped(name)],
  };
  return config as Config;
}
