import type { Redis } from 'ioredis';

/** What Redis knows of this connection, as `CLIENT INFO` words it; empty where an ACL forbids to ask. */
export async function clientInfo(redis: Redis): Promise<string> {
  try {
    return (await redis.call('CLIENT', 'INFO')) as string;
  } catch (error) {
    if (error instanceof Error && error.name === 'ReplyError') return '';
    throw error;
  }
}

/** The address from which Redis sees us; null on a unix socket, or where it does not tell. */
export function addressSeen(info: string): string | null {
  const peer = /\baddr=(\S+):\d+/.exec(info)?.[1];
  return peer && !peer.startsWith('/') ? peer.replace(/^\[(.*)\]$/, '$1') : null;
}
