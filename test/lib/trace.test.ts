import { expect } from 'chai';
import { newToken } from '../../src/lib/session/session-token.ts';
import { trace } from '../../src/lib/trace.ts';

describe('the trace', () => {
  const { write } = process.stderr;
  const outside = process.env.AIRBNB_TRACE;
  let printed: string;

  /** What it prints while standard error is ours. */
  function traced(error: unknown): string {
    printed = '';
    process.stderr.write = (text: string | Uint8Array) => {
      printed += text;
      return true;
    };
    try {
      trace('internal', error);
    } finally {
      process.stderr.write = write;
    }
    return printed;
  }

  beforeEach(() => {
    process.env.AIRBNB_TRACE = '1';
  });

  afterEach(() => {
    if (outside === undefined) delete process.env.AIRBNB_TRACE;
    else process.env.AIRBNB_TRACE = outside;
  });

  it('says nothing unless it is asked to', () => {
    for (const value of [undefined, '', '0', 'false']) {
      if (value === undefined) delete process.env.AIRBNB_TRACE;
      else process.env.AIRBNB_TRACE = value;
      expect(traced(new Error('x'))).to.equal('');
    }
  });

  it('says what kind of error it was and where it came from', () => {
    const error = Object.assign(new RangeError('secret'), { code: 'ERR_X' });
    expect(traced(error)).to.match(/^trace: internal: RangeError ERR_X\n\s+at .*trace\.test\.ts/);
  });

  it('never repeats a message, not even one that looks like a stack', () => {
    const message = 'secret one\n    at secret two\n    at secret three';
    expect(traced(new Error(message))).not.to.include('secret');
    expect(traced(Object.assign(new Error('other'), { message }))).not.to.include('secret');
  });

  it('takes tokens out of what is left', () => {
    const token = newToken();
    const error = new Error('x');
    error.stack = `Error: x\n    at ${token} (file.ts:1:1)`;
    expect(traced(error)).to.include('at [redacted]').and.not.to.include(token);
  });

  it('survives whatever was thrown', () => {
    for (const thrown of [undefined, null, 'secret', 5, {}, Object.create(null)]) {
      expect(traced(thrown))
        .to.match(/^trace: internal: /)
        .and.not.to.include('secret');
    }
  });
});
