import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect } from 'chai';
import {
  currentPlace,
  identityOf,
  ownIdentity,
  residentBytes,
  stateOf,
} from '../../../src/lib/local/process-identity.ts';
import { until } from './support/playground.ts';

describe('the identity of a process', () => {
  it('says that this one runs', () => {
    expect(stateOf(ownIdentity())).to.equal('running');
  });

  it('is not that of another with the same number', () => {
    expect(stateOf({ ...ownIdentity(), startTime: 'before' })).to.equal('gone');
  });

  it('says that one which has ended is gone', async () => {
    const child = spawn('true');
    await once(child, 'exit');
    expect(stateOf({ pid: child.pid ?? 0, startTime: '', place: currentPlace() })).to.equal('gone');
  });

  it('says that one is stopped, and running again', async () => {
    const child = spawn('sleep', ['10']);
    try {
      const identity = identityOf(child.pid ?? 0) ?? ownIdentity();
      expect(stateOf(identity)).to.equal('running');
      child.kill('SIGSTOP');
      await until(() => stateOf(identity) === 'stopped', 1000);
      child.kill('SIGCONT');
      await until(() => stateOf(identity) === 'running', 1000);
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('is that of nobody where there is no process', () => {
    expect(identityOf(2 ** 30)).to.equal(undefined);
  });

  it('knows the memory of a process', () => {
    expect(residentBytes(process.pid)).to.be.within(10_000_000, 10_000_000_000);
    expect(residentBytes(2 ** 30)).to.equal(undefined);
  });
});
