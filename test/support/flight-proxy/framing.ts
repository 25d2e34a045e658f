import { PostgresFraming } from './postgres-framing.ts';
import { RespFraming } from './resp-framing.ts';

/** Splits the two byte streams of one connection into the protocol's messages. */
export interface Framing {
  /** The messages that the client's next bytes complete. */
  requests(chunk: Buffer): Buffer[];
  /** The messages that the server's next bytes complete. */
  replies(chunk: Buffer): Buffer[];
  /** A request as a test wants to read it: the name first, then what it was sent with. */
  describe(request: Buffer): string[];
}

/** For what cannot be read, TLS above all: what arrives together counts as a message. */
class RawFraming implements Framing {
  requests = (chunk: Buffer) => [chunk];
  replies = (chunk: Buffer) => [chunk];
  describe = () => [];
}

/** A new connection's framing, by the scheme of the server's URL. */
export function framingFor(protocol: string): Framing {
  switch (protocol) {
    case 'redis:':
      return new RespFraming();
    case 'postgres:':
    case 'postgresql:':
      return new PostgresFraming();
    default:
      return new RawFraming();
  }
}
