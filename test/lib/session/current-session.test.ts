import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { findHeldSession } from '../../../src/lib/session/current-session.ts';
import { SessionFile } from '../../../src/lib/session/session-file.ts';
import { markOf, newToken } from '../../../src/lib/session/session-token.ts';
import { reasonOf } from '../../support/failure-of.ts';

describe('the token that a command runs with', () => {
  let folder: string;
  let file: SessionFile;
  const [inEnvironment, inFile] = [newToken(), newToken()];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'airbnb-held-'));
    file = new SessionFile(join(folder, 'session'));
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  const write = () =>
    file.write({ token: inFile, mark: markOf(inFile), email: 'a@b.c', userId: 7, server: 'redis://h:1/0' });

  it('is that of the file, with what the file knows', () => {
    write();
    expect(findHeldSession(undefined, file)).to.deep.equal({
      token: inFile,
      mark: markOf(inFile),
      email: 'a@b.c',
      userId: 7,
      server: 'redis://h:1/0',
      source: 'file',
    });
  });

  it('is that of AIRBNB_TOKEN where there is one, and nothing else is known', () => {
    write();
    expect(findHeldSession(inEnvironment, file)).to.deep.equal({
      token: inEnvironment,
      mark: markOf(inEnvironment),
      source: 'env',
    });
  });

  it('gets its mark where the file holds a bare token', () => {
    writeFileSync(file.path, `${inFile}\r\n`, { mode: 0o600 });
    expect(findHeldSession(undefined, file)).to.deep.equal({
      token: inFile,
      mark: markOf(inFile),
      source: 'file',
    });
  });

  it('is not there: no file, or an empty AIRBNB_TOKEN, which does not fall back to the file', async () => {
    expect(await reasonOf(() => findHeldSession(undefined, file))).to.equal('never');
    write();
    expect(await reasonOf(() => findHeldSession('', file))).to.equal('never');
  });

  it('is malformed in AIRBNB_TOKEN, which is not repeated', async () => {
    write();
    for (const token of ['secret', `${inEnvironment}x`, ` ${inEnvironment}`]) {
      expect(await reasonOf(() => findHeldSession(token, file))).to.equal('malformed');
    }
  });
});
