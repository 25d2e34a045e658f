import type { EngineProcess } from './engines/engine-process.ts';
import { startRedisServer } from './engines/native.ts';
import { plainClient } from './session-backend.ts';
import { until } from './until.ts';

/** Milliseconds for which a server may be silent before a sentinel takes it for gone. */
const DOWN_AFTER = 1_000;
/** How many sentinels have to agree on that. */
const QUORUM = 2;

export interface RedisSentinelsOptions {
  /** Of the default user, on the servers and, if it is said, on the sentinels. */
  password?: string;
  sentinelPassword?: string;
}

/** A primary, its replica and three sentinels on this machine; whoever started them disposes of them. */
export class RedisSentinels {
  static readonly masterName = 'main';
  readonly servers: EngineProcess[] = [];
  readonly sentinels: EngineProcess[] = [];
  readonly #options: RedisSentinelsOptions;

  private constructor(options: RedisSentinelsOptions) {
    this.#options = options;
  }

  /** Resolves when the sentinels know the replica and each other. */
  static async start(options: RedisSentinelsOptions = {}): Promise<RedisSentinels> {
    const started = new RedisSentinels(options);
    try {
      await started.#start();
      return started;
    } catch (error) {
      await started.dispose();
      throw error;
    }
  }

  /** The server that the first sentinel names, and the other one. */
  async roles(): Promise<{ primary: EngineProcess; replica: EngineProcess }> {
    const [sentinel] = this.sentinels as [EngineProcess];
    const question = ['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', RedisSentinels.masterName];
    const [, port] = await ask<[string, string]>(sentinel.port, this.#options.sentinelPassword, ...question);
    const [one, two] = this.servers as [EngineProcess, EngineProcess];
    return one.port === Number(port) ? { primary: one, replica: two } : { primary: two, replica: one };
  }

  /** Resolves when one server follows the other, and all sentinels know of it. */
  async settled(): Promise<void> {
    const { password, sentinelPassword } = this.#options;
    const { replica } = await this.roles();
    await until('the replica follows', async () =>
      (await ask(replica.port, password, 'INFO', 'replication')).includes('master_link_status:up'),
    );
    await until('the sentinels know all', async () => {
      const infos = await Promise.all(
        this.sentinels.map(({ port }) => ask(port, sentinelPassword, 'INFO', 'sentinel')),
      );
      return infos.every((info) => info.includes('status=ok') && info.includes('slaves=1,sentinels=3'));
    });
  }

  /** As REDIS_SENTINELS takes them. */
  get addresses(): string {
    return this.sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',');
  }

  async dispose(): Promise<void> {
    await Promise.all([...this.sentinels, ...this.servers].map((each) => each.dispose()));
  }

  async #start(): Promise<void> {
    const { password, sentinelPassword } = this.#options;
    const secured = password === undefined ? [] : [`requirepass ${password}`, `masterauth ${password}`];
    const settings = ['repl-diskless-sync-delay 0', ...secured];
    const primary = await startRedisServer({ settings, answers: answersWith(password) });
    this.servers.push(primary);
    const following = [...settings, `replicaof 127.0.0.1 ${primary.port}`];
    this.servers.push(await startRedisServer({ settings: following, answers: answersWith(password) }));

    const name = RedisSentinels.masterName;
    const watching = [
      `sentinel monitor ${name} 127.0.0.1 ${primary.port} ${QUORUM}`,
      `sentinel down-after-milliseconds ${name} ${DOWN_AFTER}`,
      `sentinel failover-timeout ${name} 3000`,
      ...(password === undefined ? [] : [`sentinel auth-pass ${name} ${password}`]),
      ...(sentinelPassword === undefined
        ? []
        : [`requirepass ${sentinelPassword}`, `sentinel sentinel-pass ${sentinelPassword}`]),
    ];
    for (let count = 0; count < 3; count++) {
      const answers = answersWith(sentinelPassword);
      this.sentinels.push(await startRedisServer({ sentinel: true, settings: watching, answers }));
    }
    await this.settled();
  }
}

const answersWith = (password: string | undefined) => async (port: number) => {
  try {
    return (await ask(port, password, 'PING')) === 'PONG';
  } catch {
    return false;
  }
};

async function ask<T = string>(port: number, password: string | undefined, ...command: string[]): Promise<T> {
  const client = plainClient(`redis://${password === undefined ? '' : `:${password}@`}127.0.0.1:${port}`);
  try {
    const [name = '', ...rest] = command;
    return (await client.call(name, ...rest)) as T;
  } finally {
    client.disconnect();
  }
}
