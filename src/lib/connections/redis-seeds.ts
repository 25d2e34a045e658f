import type { Redis } from 'ioredis';
import { AppError } from '../errors.ts';
import { fly } from './redis-flight.ts';
import { ServerLink, type ServerTarget } from './redis-server.ts';

/** Milliseconds that servers have to answer, which leaves some of a flight's time to whoever they lead to. */
const PATIENCE = 1_000;

/** From what can only be mended here to what may pass by itself. */
const TELLING = ['misconfigured', 'refusing_work', 'unreachable'];

/**
 * Asks several servers the same at once and takes the first answer, so that one that is down costs no time.
 * @param servers at least one
 * @throws AppError where none answers: of their failures the one that tells most
 */
export async function askAny<Server extends ServerTarget, Answer>(
  servers: readonly Server[],
  question: (redis: Redis) => Promise<Answer>,
): Promise<{ readonly server: Server; readonly answer: Answer }> {
  const links = servers.map((server) => new ServerLink(server));
  try {
    return await Promise.any(
      servers.map(async (server, position) => {
        const [answer] = await fly(links[position] as ServerLink, (redis) => [question(redis)], PATIENCE);
        return { server, answer: answer as Answer };
      }),
    );
  } catch (error) {
    throw mostTelling((error as AggregateError).errors);
  } finally {
    for (const link of links) link.close();
  }
}

function mostTelling(errors: readonly unknown[]): unknown {
  const rank = (error: unknown) => (error instanceof AppError ? TELLING.indexOf(error.reason) : -1);
  return [...errors].sort((a, b) => rank(a) - rank(b))[0];
}
