import { type CommandId, commandTable } from './command-table.ts';
import { BIN, type Launch, VERSION } from './launch.ts';
import { keepCallersDebug } from './lib/callers-debug.ts';
import { endOnSignals } from './lib/end-on-signals.ts';
import { lightConfig } from './lib/oclif-config.ts';

/*
 * What needs the commands: to run one, and to know what may be typed. In the build this is a bundle of its own, which
 * help and the version do without.
 */

/**
 * Runs a command: by what it needs of oclif alone, or as stock oclif does. Sets the exit code.
 * @param argv its own arguments
 */
export async function runCommand(id: CommandId, argv: string[], launch: Launch): Promise<void> {
  keepCallersDebug(launch.debug);
  endOnSignals();
  if (launch.stock) {
    const { runStock } = await import('./whole-oclif.ts');
    await runStock(id, argv, launch.stock);
    return;
  }
  const CommandClass = commandTable[id];
  CommandClass.id = id;
  await CommandClass.start(argv, lightConfig(launch.root, BIN, VERSION));
}

/**
 * Answers TAB, and ends the process.
 * @param args as the scripts of completion send them
 */
export async function answerTab(args: string[], { root }: Launch): Promise<never> {
  const { answerTab } = await import('./lib/completion/tab.ts');
  return answerTab(args, root);
}
