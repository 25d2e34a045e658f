/*
 * The little of PostgreSQL's wire protocol (version 3) that has to be understood to share one backend
 * between clients: where a message ends, and which messages make the backend answer.
 */

const sslRequest = 80_877_103;
const gssEncryptionRequest = 80_877_104;
const cancelRequest = 80_877_102;

/** A longer message is not one of ours: refuse it rather than collect it. */
const longestMessage = 16 * 1024 * 1024;

/** What a client sends, in units that the backend can be given as a whole. */
export type ClientRequest =
  /** The client asks for encryption and waits for one letter. */
  | { kind: 'encryption' }
  | { kind: 'cancel' }
  | { kind: 'terminate' }
  | { kind: 'startup'; bytes: Uint8Array }
  /** `complete`: the answer ends with ReadyForQuery, so that nothing is pending but perhaps a transaction. */
  | { kind: 'batch'; bytes: Uint8Array; complete: boolean };

/** Cuts the stream of one client into requests. */
export class RequestReader {
  #buffer = Buffer.alloc(0);
  #batchEnd = 0;
  #started = false;

  /**
   * The requests that are complete now that these bytes have come.
   * @throws Error if the bytes are not PostgreSQL's protocol.
   */
  *read(chunk: Uint8Array): Generator<ClientRequest> {
    this.#buffer = Buffer.concat([this.#buffer, chunk]);
    for (;;) {
      const request = this.#started ? this.#nextBatch() : this.#nextStartup();
      if (request === undefined) return;
      yield request;
    }
  }

  #nextStartup(): ClientRequest | undefined {
    if (this.#buffer.length < 8) return undefined;
    const length = checkedLength(this.#buffer.readInt32BE(0));
    if (this.#buffer.length < length) return undefined;
    const code = this.#buffer.readInt32BE(4);
    const bytes = this.#take(length);
    if (code === sslRequest || code === gssEncryptionRequest) return { kind: 'encryption' };
    if (code === cancelRequest) return { kind: 'cancel' };
    if (code >> 16 !== 3) throw new Error('unsupported protocol version');
    this.#started = true;
    return { kind: 'startup', bytes };
  }

  #nextBatch(): ClientRequest | undefined {
    while (this.#buffer.length >= this.#batchEnd + 5) {
      const type = String.fromCharCode(this.#buffer.readUInt8(this.#batchEnd));
      const end = this.#batchEnd + 1 + checkedLength(this.#buffer.readInt32BE(this.#batchEnd + 1));
      if (this.#buffer.length < end) return undefined;
      this.#batchEnd = end;
      if (type === 'X') return { kind: 'terminate' };
      // Query, FunctionCall and Sync end a batch; Flush asks for the answers so far.
      if (type === 'Q' || type === 'F' || type === 'S' || type === 'H') {
        return { kind: 'batch', bytes: this.#take(end), complete: type !== 'H' };
      }
    }
    return undefined;
  }

  #take(length: number): Uint8Array {
    const bytes = new Uint8Array(this.#buffer.subarray(0, length));
    this.#buffer = this.#buffer.subarray(length);
    this.#batchEnd = 0;
    return bytes;
  }
}

/** A message that ends the connection, as the client's driver reports it. `code` is an SQLSTATE. */
export function fatalError(code: string, message: string): Buffer {
  const fields = `SFATAL\0VFATAL\0C${code}\0M${message}\0\0`;
  const length = Buffer.alloc(4);
  length.writeInt32BE(4 + Buffer.byteLength(fields));
  return Buffer.concat([Buffer.from('E'), length, Buffer.from(fields)]);
}

/**
 * Whether an answer says that the process of PostgreSQL has come to its end, as on a full disk. Texts of users
 * hold no NUL, so they cannot be taken for it.
 */
export function saysThatServerEnds(reply: Uint8Array): boolean {
  const bytes = Buffer.from(reply.buffer, reply.byteOffset, reply.byteLength);
  return bytes.includes('\0VPANIC\0') || bytes.includes('\0VFATAL\0');
}

/** Ends whatever is open: Sync, for a batch that was left half sent, and the query `ROLLBACK`. */
export const rollbackMessage = new Uint8Array(Buffer.from('S\0\0\0\x04Q\0\0\0\x0dROLLBACK\0', 'latin1'));

function checkedLength(length: number): number {
  if (length < 4 || length > longestMessage) throw new Error('invalid message length');
  return length;
}
