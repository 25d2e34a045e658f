import { type Config, Help } from '@oclif/core';

export async function showHelp(words: string[], config: Config): Promise<void> {
  await new Help(config, config.pjson.helpOptions).showHelp(words);
}
