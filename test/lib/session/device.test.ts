import { hostname } from 'node:os';
import { expect } from 'chai';
import { describeDevice, sshAddress } from '../../../src/lib/session/device.ts';

describe('the device of a session', () => {
  const surroundings = { sshConnection: undefined, isTerminal: false, version: 'airbnb/0.1.0' };
  const bytes = (text: string) => Buffer.byteLength(text);

  it('names host, operating system, version and the way of the command', () => {
    const host = hostname().split('.')[0]?.slice(0, 10) ?? '';
    expect(describeDevice(surroundings))
      .to.include(host)
      .and.match(/ (linux|darwin) airbnb\/0\.1\.0 script$/);
    expect(describeDevice({ ...surroundings, isTerminal: true })).to.match(/ tty$/);
    expect(describeDevice({ ...surroundings, sshConnection: '10.0.0.1 1 10.0.0.2 22' })).to.match(/ ssh$/);
  });

  it('is one line of at most 40 bytes, however long its parts are', () => {
    for (const version of ['airbnb/0.1.0', 'airbnb/10.20.30-beta.100', `airbnb/1.0.0-${'x'.repeat(60)}`]) {
      const device = describeDevice({ ...surroundings, version });
      expect(bytes(device)).to.be.within(1, 40);
      expect(device).to.match(/^[\x21-\x7e][\x20-\x7e]*$/);
    }
  });
});

describe('the address in SSH_CONNECTION', () => {
  const addresses: Record<string, string | undefined> = {
    '203.0.113.7 50000 10.0.0.1 22': '203.0.113.7',
    '2001:db8::7 50000 2001:db8::1 22': '2001:db8::7',
    'fe80::1%eth0 50000 fe80::2%eth0 22': 'fe80::1%eth0',
    '::ffff:203.0.113.7 1 ::1 22': '::ffff:203.0.113.7',
    '': undefined,
    ' ': undefined,
    'UNKNOWN 0 UNKNOWN 0': undefined,
    '\u001b[31m 1 2 3': undefined,
  };
  for (const [value, address] of Object.entries(addresses)) {
    it(`is ${address} of ${JSON.stringify(value)}`, () => expect(sshAddress(value)).to.equal(address));
  }

  it('is not there without the variable', () => expect(sshAddress(undefined)).to.equal(undefined));
});
