import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../lib/base-command.ts';
import { type Change, installCompletion, uninstallCompletion } from '../lib/completion/installer.ts';
import { completionPlaces, thisMachine } from '../lib/completion/places.ts';
import { completionScript, SHELLS, type Shell } from '../lib/completion/shells.ts';
import { defineTexts } from '../lib/i18n/language.ts';
import { harmless } from '../lib/ui/terminal-text.ts';

const texts = defineTexts({
  en: {
    summary: 'Print or install what makes TAB complete airbnb in a shell',
    description:
      'Prints the script for bash, zsh or fish; with --install, puts it where the shell looks. TAB then completes topics, commands, flags, their values and the ids of your live sessions; for these it waits for Redis at most 150 ms, refreshes no session and starts no engine.',
    examples: {
      'airbnb completion bash --install': 'Installs it for bash, for every new shell',
      'airbnb completion zsh --uninstall': 'Takes it away again, from zsh',
      'source <(airbnb completion bash)': 'For this shell alone',
    },
    args: { shell: 'The shell: bash, zsh or fish.' },
    flags: {
      install: 'Put the script where the shell looks, and say what was done.',
      uninstall: 'Take away what --install put.',
    },
    changes: {
      written: (path: string) => `Written: ${path}`,
      unchanged: (path: string) => `Already there: ${path}`,
      removed: (path: string) => `Taken away: ${path}`,
      cleared: (path: string) => `Our lines taken out: ${path}`,
      absent: (path: string) => `Not there: ${path}`,
    },
    installed: (shell: Shell) =>
      `TAB completes airbnb in every new ${shell}: open one, or type "exec ${shell}".`,
    uninstalled: (shell: Shell) => `TAB no longer completes airbnb in a new ${shell}.`,
  },
  es: {
    summary: 'Imprime o instala lo que hace que TAB complete airbnb en un shell',
    description:
      'Imprime el script para bash, zsh o fish; con --install lo pone donde el shell lo busca. TAB completa entonces temas, órdenes, opciones, sus valores y los ids de tus sesiones activas; para estos espera a Redis como mucho 150 ms, no renueva ninguna sesión y no arranca ningún motor.',
    examples: {
      'airbnb completion bash --install': 'Lo instala para bash, para cada shell nuevo',
      'airbnb completion zsh --uninstall': 'Lo quita de nuevo, de zsh',
      'source <(airbnb completion bash)': 'Solo para este shell',
    },
    args: { shell: 'El shell: bash, zsh o fish.' },
    flags: {
      install: 'Pone el script donde el shell lo busca, y dice qué se ha hecho.',
      uninstall: 'Quita lo que puso --install.',
    },
    changes: {
      written: (path: string) => `Escrito: ${path}`,
      unchanged: (path: string) => `Ya estaba: ${path}`,
      removed: (path: string) => `Quitado: ${path}`,
      cleared: (path: string) => `Sin nuestras líneas: ${path}`,
      absent: (path: string) => `No estaba: ${path}`,
    },
    installed: (shell: Shell) =>
      `TAB completa airbnb en cada ${shell} nuevo: abre uno, o escribe "exec ${shell}".`,
    uninstalled: (shell: Shell) => `TAB ya no completa airbnb en un ${shell} nuevo.`,
  },
});

export default class Completion extends BaseCommand<typeof Completion> {
  static override texts = texts;
  static override needsSession = false;
  static override printsJson = false;
  static override args = { shell: Args.string({ required: true, options: SHELLS, ignoreStdin: true }) };
  static override flags = {
    install: Flags.boolean({ exclusive: ['uninstall'] }),
    uninstall: Flags.boolean({ exclusive: ['install'] }),
  };

  /** Reads no settings: what is broken there must not keep a shell from starting. */
  override async run(): Promise<void> {
    await this.execute();
  }

  protected async execute() {
    const t = texts[this.language];
    const shell = this.args.shell as Shell;
    const script = completionScript(shell, this.config.root);
    if (!this.flags.install && !this.flags.uninstall) {
      this.log(script.trimEnd());
      return;
    }
    const places = completionPlaces(shell, thisMachine());
    const changes = this.flags.install ? installCompletion(script, places) : uninstallCompletion(places);
    for (const change of changes) this.log(this.#line(change));
    this.log(this.theme.good(this.flags.install ? t.installed(shell) : t.uninstalled(shell)));
  }

  #line({ path, what }: Change): string {
    return texts[this.language].changes[what](harmless(path));
  }
}
