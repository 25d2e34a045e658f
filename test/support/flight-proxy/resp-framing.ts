import type { Framing } from './framing.ts';
import { MessageBuffer } from './message-buffer.ts';

/** Redis' protocol, versions 2 and 3. */
export class RespFraming implements Framing {
  readonly #requests = new MessageBuffer(endOfRequest);
  readonly #replies = new MessageBuffer(endOfValue);

  requests(chunk: Buffer): Buffer[] {
    return this.#requests.push(chunk);
  }

  replies(chunk: Buffer): Buffer[] {
    return this.#replies.push(chunk);
  }

  describe(request: Buffer): string[] {
    if (request[0] !== ARRAY) return request.toString().trim().split(/\s+/);
    const words: string[] = [];
    let start = endOfLine(request, 0) ?? request.length;
    while (start < request.length) {
      const content = endOfLine(request, start) ?? request.length;
      const end = endOfValue(request, start) ?? request.length;
      words.push(request.toString('utf8', content, end - 2));
      start = end;
    }
    return words;
  }
}

const ARRAY = '*'.charCodeAt(0);

/** A command is an array of strings, or a line as a person would type it. */
function endOfRequest(bytes: Buffer, start: number): number | undefined {
  return bytes[start] === ARRAY ? endOfValue(bytes, start) : endOfLine(bytes, start);
}

function endOfLine(bytes: Buffer, start: number): number | undefined {
  const end = bytes.indexOf('\n', start);
  return end === -1 ? undefined : end + 1;
}

function endOfValue(bytes: Buffer, start: number): number | undefined {
  const content = endOfLine(bytes, start);
  if (content === undefined) return undefined;
  const size = Number(bytes.toString('latin1', start + 1, content - 2));
  switch (String.fromCharCode(bytes[start] ?? 0)) {
    case '$':
    case '=':
    case '!': {
      const end = size < 0 ? content : content + size + 2;
      return end > bytes.length ? undefined : end;
    }
    case '*':
    case '~':
    case '>':
      return endOfValues(bytes, content, size);
    case '%':
      return endOfValues(bytes, content, 2 * size);
    case '|':
      // Attributes come before the value that they describe.
      return endOfValues(bytes, content, 2 * size + 1);
    default:
      return content;
  }
}

function endOfValues(bytes: Buffer, start: number, count: number): number | undefined {
  let end: number | undefined = start;
  for (let left = count; left > 0 && end !== undefined; left--) end = endOfValue(bytes, end);
  return end;
}
