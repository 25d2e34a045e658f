import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { descendantsOf } from './process-tree.ts';

/** Starts one engine on the port and resolves with its process when it answers there. */
export type Launch = (port: number) => Promise<ChildProcess>;

/** What telling an engine apart from another takes. */
interface Definition {
  port: number;
  url: string;
  launch: Launch;
  /** Makes an engine that answers fit for its test, after every start. */
  prepare?: (port: number) => Promise<void>;
  /** The signal that ends this engine in good order. */
  stopSignal?: NodeJS.Signals;
  /** Removes what the engine leaves on disk. */
  cleanUp?: () => Promise<void>;
}

/**
 * One Redis or PostgreSQL in a process of its own, which tests may stop, freeze and kill.
 *
 * The port stays the same over restarts, so a client that knows the URL meets the new process there. Redis
 * keeps nothing over a restart unless it is durable; PostgreSQL keeps its data.
 */
export class EngineProcess {
  readonly url: string;
  readonly port: number;
  readonly #definition: Definition;
  #child: ChildProcess | undefined;

  private constructor(definition: Definition) {
    this.#definition = definition;
    this.url = definition.url;
    this.port = definition.port;
  }

  /** Resolves with an engine that answers; one that does not start leaves nothing behind. */
  static async start(definition: Definition): Promise<EngineProcess> {
    const engine = new EngineProcess(definition);
    try {
      await engine.start();
    } catch (error) {
      await engine.dispose();
      throw error;
    }
    return engine;
  }

  /** The process id; throws while the engine is not running. */
  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error(`${this.url} is not running`);
    return pid;
  }

  get running(): boolean {
    return this.#child !== undefined;
  }

  async start(): Promise<void> {
    if (this.#child) return;
    const child = await this.#definition.launch(this.port);
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`${this.url} ended at once`);
    child.once('exit', () => {
      if (this.#child === child) this.#child = undefined;
    });
    this.#child = child;
    await this.#definition.prepare?.(this.port);
  }

  /** Ends the engine in good order. */
  stop(): Promise<void> {
    return this.#end(this.#definition.stopSignal ?? 'SIGTERM');
  }

  /** Ends the engine as `kill -9` does, with the processes that PostgreSQL has for its clients. */
  async kill(): Promise<void> {
    const parts = this.running ? await descendantsOf(this.pid) : [];
    await this.#end('SIGKILL');
    for (const pid of parts) signal(pid, 'SIGKILL');
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** Stops the engine in its tracks: connections are still accepted by the kernel, and nothing answers. */
  async freeze(): Promise<void> {
    // The parent first, so that there is no new child meanwhile.
    process.kill(this.pid, 'SIGSTOP');
    for (const pid of await descendantsOf(this.pid)) signal(pid, 'SIGSTOP');
  }

  async thaw(): Promise<void> {
    for (const pid of [...(await descendantsOf(this.pid)), this.pid]) signal(pid, 'SIGCONT');
  }

  /** Ends the engine, frozen or not, and removes its files. */
  async dispose(): Promise<void> {
    if (this.#child) await this.thaw();
    await this.stop();
    await this.#definition.cleanUp?.();
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (!child) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    const impatience = setTimeout(() => child.kill('SIGKILL'), 5000);
    await exited;
    clearTimeout(impatience);
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended in between.
  }
}
