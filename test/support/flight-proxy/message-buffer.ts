/** Where the message that begins at `start` ends, or undefined while it is not all there. */
type EndOf = (bytes: Buffer, start: number) => number | undefined;

/** Collects bytes until they make whole messages. */
export class MessageBuffer {
  #pending: Buffer = Buffer.alloc(0);
  readonly #endOf: EndOf;

  constructor(endOf: EndOf) {
    this.#endOf = endOf;
  }

  push(chunk: Buffer): Buffer[] {
    const bytes = Buffer.concat([this.#pending, chunk]);
    const messages: Buffer[] = [];
    let start = 0;
    while (start < bytes.length) {
      const end = this.#endOf(bytes, start);
      if (end === undefined || end > bytes.length) break;
      messages.push(bytes.subarray(start, end));
      start = end;
    }
    this.#pending = bytes.subarray(start);
    return messages;
  }
}
