import type { Framing } from './framing.ts';
import { MessageBuffer } from './message-buffer.ts';

const SSL_REQUEST = 80877103;
const GSS_REQUEST = 80877104;

/** PostgreSQL's protocol, version 3. Of a connection that turns to TLS, only what comes before it is read. */
export class PostgresFraming implements Framing {
  #startedUp = false;
  #encrypted = false;
  /** How many questions for encryption are open. Their answer is a single byte. */
  #asked = 0;
  readonly #requests = new MessageBuffer((bytes, start) => this.#endOfRequest(bytes, start));
  readonly #replies = new MessageBuffer((bytes, start) => this.#endOfReply(bytes, start));

  requests(chunk: Buffer): Buffer[] {
    return this.#encrypted ? [chunk] : this.#requests.push(chunk);
  }

  replies(chunk: Buffer): Buffer[] {
    return this.#encrypted ? [chunk] : this.#replies.push(chunk);
  }

  describe(request: Buffer): string[] {
    if (this.#encrypted) return [];
    // Only messages before the start have no letter, and a length that begins with a zero byte.
    if (request[0] === 0) return [asksForEncryption(request, 0) ? 'encryption?' : 'startup'];
    return [request.toString('latin1', 0, 1), request.toString('utf8', 5).replaceAll('\0', ' ').trim()];
  }

  #endOfRequest(bytes: Buffer, start: number): number | undefined {
    if (this.#startedUp) return endOfTyped(bytes, start);
    if (bytes.length < start + 8) return undefined;
    const end = start + bytes.readInt32BE(start);
    if (end > bytes.length) return undefined;
    if (asksForEncryption(bytes, start)) this.#asked += 1;
    else this.#startedUp = true;
    return end;
  }

  #endOfReply(bytes: Buffer, start: number): number | undefined {
    if (this.#asked === 0) return endOfTyped(bytes, start);
    this.#asked -= 1;
    this.#encrypted = bytes[start] === 'S'.charCodeAt(0) || bytes[start] === 'G'.charCodeAt(0);
    return start + 1;
  }
}

function asksForEncryption(bytes: Buffer, start: number): boolean {
  const code = bytes.readInt32BE(start + 4);
  return code === SSL_REQUEST || code === GSS_REQUEST;
}

/** A letter, then a length that counts itself. */
function endOfTyped(bytes: Buffer, start: number): number | undefined {
  return bytes.length < start + 5 ? undefined : start + 1 + bytes.readInt32BE(start + 1);
}
