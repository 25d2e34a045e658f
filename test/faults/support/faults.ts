import type { EngineProcess } from '../../support/engines/engine-process.ts';
import type { Interruption } from '../../support/flight-proxy/faults.ts';
import type { FlightProxy } from '../../support/flight-proxy.ts';

export type FaultyEngine = 'redis' | 'postgres';

/** Something that goes wrong with an engine at a message boundary. */
export interface Fault {
  readonly name: string;
  at(server: { engine: EngineProcess; proxy: FlightProxy }): Interruption;
  /** Whether a command gets through it. All others end it with 69, unless it has had every reply by then. */
  readonly isSurvived?: boolean;
  /** Whether the engine is silent, so that a command waits for as long as it waits for any reply. */
  readonly isSilent?: boolean;
  /** Whether data in memory is gone after it. */
  readonly losesMemory?: boolean;
}

/** Milliseconds by which each reply of a slow engine is late. */
const LATENESS = 250;

export const faults: readonly Fault[] = [
  { name: 'resets the connection', at: () => ({ next: 'reset' }) },
  { name: 'hangs up in the midst of a reply', at: () => ({ next: 'tear' }) },
  {
    name: 'falls silent',
    at: ({ proxy }) => ({ act: () => proxy.blackhole(), next: 'deafen' }),
    isSilent: true,
  },
  {
    name: 'is stopped',
    at: ({ engine }) => ({ act: () => engine.freeze(), next: 'deafen' }),
    isSilent: true,
  },
  {
    name: 'is killed',
    at: ({ engine }) => ({ act: () => engine.kill(), next: 'deafen' }),
    losesMemory: true,
  },
  {
    name: 'is killed and started again',
    at: ({ engine }) => ({
      act: async () => {
        await engine.kill();
        await engine.start();
      },
      next: 'deafen',
    }),
    losesMemory: true,
  },
  {
    name: 'becomes slow',
    at: ({ proxy }) => ({ act: () => proxy.delay(LATENESS), next: 'resume' }),
    isSurvived: true,
  },
];

/** How long a command waits for a silent engine before it gives up, in milliseconds. */
const PATIENCE: Readonly<Record<FaultyEngine, number>> = { redis: 1_500, postgres: 5_000 };

/**
 * How long a command may take, in milliseconds: what the fault costs, and beyond that a multiple of a healthy run, as
 * this machine may be busy.
 * @param healthy how long it took without a fault
 * @param flights how often it waits for replies
 * @param inflicting how long it took to inflict the fault
 */
export function timeLimit(
  fault: Fault,
  engine: FaultyEngine,
  { healthy, flights, inflicting }: { healthy: number; flights: number; inflicting: number },
): number {
  const waiting = fault.isSilent ? PATIENCE[engine] : fault.isSurvived ? flights * LATENESS : 0;
  return 1_000 + 3 * healthy + waiting + inflicting;
}
