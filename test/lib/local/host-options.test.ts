import { expect } from 'chai';
import {
  describeExit,
  exitCodeOf,
  hostArguments,
  hostEnvironment,
  readHostArguments,
} from '../../../src/lib/local/host-options.ts';

describe('what a host is started with', () => {
  it('arrives as it was given', () => {
    const options = { folder: '/data/año nuevo', sockets: '/run/x', log: '/log/--idle', idleSeconds: 900 };
    expect(readHostArguments(hostArguments(options))).to.deep.equal(options);
  });

  it('is no more of the environment than it needs', () => {
    const kept = { PATH: '/bin', HOME: '/home/ana', XDG_DATA_HOME: '/data', TMPDIR: '/tmp', LANG: 'es_ES' };
    const secrets = {
      AIRBNB_TOKEN: 'x',
      REDIS_URL: 'x',
      DATABASE_URL: 'x',
      PGPASSWORD: 'x',
      NODE_OPTIONS: 'x',
      MY_PATH: 'x',
    };
    expect(hostEnvironment({ ...kept, ...secrets })).to.deep.equal(kept);
  });

  it('tells by its exit code that the disk is full', () => {
    expect(describeExit(exitCodeOf({ name: 'Error', message: '', errno: -28 }), null)).to.equal('ENOSPC');
    expect(describeExit(exitCodeOf(new Error('other')), null)).to.equal('it ended with 1');
    expect(describeExit(null, 'SIGKILL')).to.equal('it ended with SIGKILL');
  });
});
