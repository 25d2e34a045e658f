import { isFullRun } from '../../support/redis-servers-suite.ts';
import { type FaultyEngine, faults } from './faults.ts';
import { Lane, type Trial } from './lane.ts';
import type { TestedCommand } from './tested-commands.ts';

/** Which boundaries a sample looks at; a full run looks at all. */
const SEED = Number(process.env.AIRBNB_TEST_SEED ?? 1);

/** As many as keep two cores busy while some wait for an engine that is silent. */
const LANES = 3;

/** In which a login finds out whether Redis is there. */
const FIRST_MESSAGES = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

/** What tells a reader of the test's output how to repeat it. */
export const extent = isFullRun ? 'at each message' : `at some messages (AIRBNB_TEST_SEED=${SEED})`;

/** Lanes for the trials of a suite, opened when it begins and closed when it is over. */
export function useLanes(engine: FaultyEngine): Lane[] {
  const lanes: Lane[] = [];
  before(async function () {
    this.timeout(60_000);
    for (let number = 0; number < LANES; number++) lanes.push(await Lane.open(engine));
  });
  after(async () => {
    await Promise.all(lanes.map((lane) => lane.close()));
  });
  return lanes;
}

/**
 * Tries each fault at each message boundary of a command, or in a sample at one of them.
 * @throws an error that lists all that did not hold
 */
export async function tryEverywhere(lanes: readonly Lane[], command: TestedCommand): Promise<void> {
  const healthy = await (lanes[0] as Lane).healthyRun(command);
  const boundaries = Array.from({ length: healthy.messages.length + 1 }, (_, after) => after);
  await tryAll(
    lanes,
    faults.flatMap((fault, index) => {
      const sample = boundaries[(SEED * 7 + index * 5) % boundaries.length] as number;
      return (isFullRun ? boundaries : [sample]).map((after) => ({ command, fault, after, healthy }));
    }),
  );
}

/** Tries each fault at each of the first messages of a command, or in a sample at one of them. */
export async function tryAtTheBeginning(lanes: readonly Lane[], command: TestedCommand): Promise<void> {
  const healthy = await (lanes[0] as Lane).healthyRun(command);
  await tryAll(
    lanes,
    faults.flatMap((fault, index) => {
      const boundaries = isFullRun ? FIRST_MESSAGES : [(SEED + index) % FIRST_MESSAGES.length];
      return boundaries.map((after) => ({ command, fault, after, healthy }));
    }),
  );
}

/** Tries each fault in the middle of each of some commands, or in a sample one of the faults. */
export async function tryInTheMiddle(
  lanes: readonly Lane[],
  commands: readonly TestedCommand[],
): Promise<void> {
  await inLanes(lanes, [...commands.entries()], async (lane, [index, command]) => {
    const healthy = await lane.healthyRun(command);
    const after = Math.floor(healthy.messages.length / 2);
    const fitting = faults.filter(({ isSilent }) => !(isSilent && command.isPatient));
    const sample = (SEED + index) % fitting.length;
    for (const [position, fault] of fitting.entries()) {
      if (isFullRun || position === sample) await lane.try({ command, fault, after, healthy });
    }
  });
}

async function tryAll(lanes: readonly Lane[], trials: readonly Trial[]): Promise<void> {
  await inLanes(lanes, trials, (lane, trial) => lane.try(trial));
}

/**
 * Does something for each item, in as many lanes as there are.
 * @throws an error that lists all that failed
 */
async function inLanes<T>(
  lanes: readonly Lane[],
  items: readonly T[],
  work: (lane: Lane, item: T) => Promise<void>,
): Promise<void> {
  const failures: string[] = [];
  const left = items.values();
  await Promise.all(
    lanes.map(async (lane) => {
      // One iterator for all lanes: each takes what comes next.
      for (const item of left) {
        await work(lane, item).catch((error: Error) => {
          failures.push(error.message);
        });
      }
    }),
  );
  if (failures.length > 0) throw new Error(`${failures.length} of ${items.length}:\n${failures.join('\n')}`);
}
