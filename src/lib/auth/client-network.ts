/** Of an IPv6 address, the part that one customer of a provider has alone: 64 bits, in groups of 16. */
const GROUPS_OF_NETWORK = 4;
const GROUPS = 8;

/**
 * What counts as one address: an IPv4 address, or an IPv6 network of 64 bits, in which a single machine has as many
 * addresses as it likes.
 * @param address as a server tells it
 */
export function clientNetwork(address: string): string {
  const [bare = ''] = address.toLowerCase().split('%');
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(bare)?.[1];
  if (mapped) return mapped;
  if (!bare.includes(':')) return bare;
  const [head = [], tail = []] = bare.split('::').map((part) => part.split(':').filter(Boolean));
  const zeros = Array<string>(Math.max(0, GROUPS - head.length - tail.length)).fill('0');
  const groups = [...head, ...zeros, ...tail].slice(0, GROUPS_OF_NETWORK);
  return `${groups.map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`;
}
