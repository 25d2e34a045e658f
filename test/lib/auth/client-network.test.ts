import { expect } from 'chai';
import { clientNetwork } from '../../../src/lib/auth/client-network.ts';

describe('what counts as one address', () => {
  const networks: [string, string][] = [
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0DB8:1:2::9', '2001:db8:1:2::/64'],
    ['2001:db8::9', '2001:db8:0:0::/64'],
    ['2001:db8:1:2::', '2001:db8:1:2::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['fe80::1:2%eth0', 'fe80:0:0:0::/64'],
  ];
  for (const [address, network] of networks) {
    it(`is ${network} for ${address}`, () => {
      expect(clientNetwork(address)).to.equal(network);
    });
  }
});
