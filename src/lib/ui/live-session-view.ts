import type { LiveSession } from '../context.ts';
import { sessionJson } from './session-view.ts';

/** The session that a command runs in, as login, whoami and sessions check print it under `--json`. */
export function liveSessionJson({ session, server, engine, source, degraded }: LiveSession) {
  return {
    ...sessionJson(session, session.token),
    server,
    engine,
    token_source: source,
    degraded,
  };
}
