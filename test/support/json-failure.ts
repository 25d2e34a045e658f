import { expect } from 'chai';
import type { Result } from './cli.ts';

export interface JsonFailure {
  code: number;
  reason: string;
  message: string;
  hint: string | null;
  engine?: string;
  setting?: string;
  flag?: string;
  retry_after?: number;
}

/** The error that a command printed under `--json`, with nothing beside it and its own exit code. */
export function jsonFailure(result: Result): JsonFailure {
  const document = result.json();
  expect(document, result.stdout).to.have.all.keys('error');
  expect(document.error.code, 'the exit code and the code in the document').to.equal(result.code);
  expect(document.error.message).to.be.a('string').that.is.not.empty;
  return document.error;
}
