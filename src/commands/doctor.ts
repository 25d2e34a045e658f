import { BaseCommand } from '../lib/base-command.ts';
import { type CheckResult, DoctorService } from '../lib/doctor-service.ts';
import { defineTexts } from '../lib/i18n/language.ts';
import { type ShownSetting, shownSettings } from '../lib/settings-review.ts';
import { checkJson, checkLines, faultOf, healthyLine, settingLines } from '../lib/ui/doctor-view.ts';

const texts = defineTexts({
  en: {
    summary: 'Check the configuration, the servers and the token file',
    description:
      'Says what to type for each fault, and goes on to the next check. Starts no engine and refreshes no session. Its exit code is that of the first fault.',
    examples: {
      'airbnb doctor': 'All checks',
      'airbnb doctor --json': 'The same for a script',
    },
  },
  es: {
    summary: 'Revisa la configuración, los servidores y el archivo del token',
    description:
      'Dice qué escribir para cada fallo, y sigue con la siguiente comprobación. No arranca ningún motor ni renueva ninguna sesión. Su código de salida es el del primer fallo.',
    examples: {
      'airbnb doctor': 'Todas las comprobaciones',
      'airbnb doctor --json': 'Lo mismo para un script',
    },
  },
});

export default class Doctor extends BaseCommand<typeof Doctor> {
  static override texts = texts;
  static override needsSession = false;
  static override toleratesBadConfiguration = true;

  protected async execute() {
    const checks: CheckResult[] = [];
    for await (const check of new DoctorService(this.context).run()) {
      checks.push(check);
      this.log(checkLines(check, this.language, this.theme));
      if (check.name === 'configuration') this.#showSettings();
    }
    const settings = this.#settings();
    const fault = checks.find(({ status }) => status === 'fault');
    if (fault?.status === 'fault') process.exitCode = faultOf(fault.error).exitCode;
    else this.log(`\n${this.theme.good(healthyLine(this.language))}`);
    return {
      ok: fault === undefined,
      checks: checks.map((check) => checkJson(check, this.language)),
      settings,
    };
  }

  #showSettings(): void {
    const settings = this.#settings();
    if (settings.length > 0) this.log(settingLines(settings, this.language));
  }

  #settings(): ShownSetting[] {
    try {
      return shownSettings(this.context.config);
    } catch {
      return []; // The configuration itself cannot be read, which its check says.
    }
  }
}
