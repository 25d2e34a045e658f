import { BaseCommand } from '../../lib/base-command.ts';
import { defineTexts } from '../../lib/i18n/language.ts';
import { alignRows, localTime, type Row } from '../../lib/ui/rows.ts';
import { harmless } from '../../lib/ui/terminal-text.ts';

const texts = defineTexts({
  en: {
    summary: 'Show whether the embedded engines are running',
    description: 'Starts nothing.',
    examples: { 'airbnb local status': 'Process, memory, folders' },
    running: 'The embedded engines are running.',
    stopped: 'The embedded engines are suspended and do not answer; end them with "airbnb local stop".',
    notRunning: 'The embedded engines are not running; the first command that needs them starts them.',
    pid: 'Process',
    since: 'Since',
    memory: 'Memory',
    postgres: 'PostgreSQL',
    states: { off: 'not started yet', starting: 'starting', ready: 'ready', failed: 'failed' } as Record<
      string,
      string
    >,
    folder: 'Accounts',
    log: 'Log',
    setAside: 'Moved aside',
    standIn: (server: string) => `In the place of ${server}, which could not be reached, Valkey is running.`,
    standInStopped: (server: string) =>
      `In the place of ${server}, which could not be reached, Valkey is suspended; end it with "airbnb local stop".`,
  },
  es: {
    summary: 'Muestra si los motores integrados están en marcha',
    description: 'No arranca nada.',
    examples: { 'airbnb local status': 'Proceso, memoria, carpetas' },
    running: 'Los motores integrados están en marcha.',
    stopped: 'Los motores integrados están suspendidos y no responden; detenlos con "airbnb local stop".',
    notRunning: 'Los motores integrados no están en marcha; los arranca la primera orden que los necesita.',
    pid: 'Proceso',
    since: 'Desde',
    memory: 'Memoria',
    postgres: 'PostgreSQL',
    states: { off: 'aún sin arrancar', starting: 'arrancando', ready: 'listo', failed: 'averiado' },
    folder: 'Cuentas',
    log: 'Registro',
    setAside: 'Carpeta apartada',
    standIn: (server: string) => `En lugar de ${server}, al que no se pudo llegar, está en marcha un Valkey.`,
    standInStopped: (server: string) =>
      `En lugar de ${server}, al que no se pudo llegar, hay un Valkey suspendido; detenlo con "airbnb local stop".`,
  },
});

const mebibytes = (bytes: number) => `${(bytes / 1024 / 1024).toFixed(1)} MiB`;

export default class LocalStatus extends BaseCommand<typeof LocalStatus> {
  static override texts = texts;
  static override needsSession = false;

  protected async execute() {
    const t = texts[this.language];
    const status = await (await this.context.localEngines()).status();
    this.log(status.stopped ? t.stopped : status.running ? t.running : t.notRunning);
    const rows: Row[] = [];
    if (status.pid !== undefined) rows.push([t.pid, String(status.pid)]);
    if (status.startedAt) rows.push([t.since, localTime(status.startedAt)]);
    if (status.residentBytes !== undefined) rows.push([t.memory, mebibytes(status.residentBytes)]);
    if (status.running) rows.push([t.postgres, t.states[status.postgres] ?? status.postgres]);
    rows.push([t.folder, `${status.folder} (${mebibytes(status.dataBytes)})`], [t.log, status.log]);
    for (const folder of status.setAside) rows.push([t.setAside, folder]);
    this.log(alignRows(rows));
    const standIns = await this.#standIns();
    return {
      running: status.running,
      stopped: status.stopped ?? false,
      pid: status.pid ?? null,
      run: status.run ?? null,
      started_at: status.startedAt ?? null,
      uptime: status.uptimeSeconds ?? null,
      resident_bytes: status.residentBytes ?? null,
      postgres: status.postgres,
      folder: status.folder,
      data_bytes: status.dataBytes,
      log: status.log,
      set_aside: status.setAside,
      stand_ins: standIns,
    };
  }

  /** Shows those that run, and gives them as JSON. */
  async #standIns() {
    const t = texts[this.language];
    const shown = [];
    for (const { server, engines } of (await this.context.standIns()).all()) {
      const { running, stopped = false, pid = null, startedAt = null, folder, log } = await engines.status();
      if (!running) continue;
      this.log(`\n${stopped ? t.standInStopped(harmless(server)) : t.standIn(harmless(server))}`);
      this.log(
        alignRows([
          [t.pid, String(pid)],
          ...(startedAt ? [[t.since, localTime(startedAt)] as const] : []),
          [t.log, log],
        ]),
      );
      shown.push({ server, stopped, pid, started_at: startedAt, folder, log });
    }
    return shown;
  }
}
