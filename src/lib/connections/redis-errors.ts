import { AppError, type Reason } from '../errors.ts';

/** The classes of engine errors. */
type FailureClass = Extract<Reason, 'unreachable' | 'refusing_work' | 'misconfigured'>;

/**
 * A failure of Redis.
 * @param detail one word that says more: the code of a reply, of the system or of TLS
 */
export function redisFailed(reason: FailureClass, detail: string): AppError {
  return new AppError(reason, { engine: 'redis', detail });
}

/**
 * Sorts an error of ioredis into the classes of engine errors. The error itself carries the command with its
 * arguments, so neither it nor its message goes any further: only its code does.
 * @param lastError what the client's `error` event told last: ioredis rejects with "Connection is closed." alone
 */
export function redisFailure(error: unknown, lastError: unknown): AppError {
  if (error instanceof AppError) return error;
  if (isReplyError(error)) return replyFailure(error.message);
  const gaveUpOn = GAVE_UP_ON.exec((error as Error | undefined)?.message ?? '')?.[1];
  if (gaveUpOn && !REDIRECTIONS.has(gaveUpOn)) return replyFailure(gaveUpOn);
  for (const each of [error, lastError]) {
    const code = (each as NodeJS.ErrnoException | undefined)?.code;
    if (typeof code === 'string') return redisFailed(isTlsCode(code) ? 'misconfigured' : 'unreachable', code);
    // ioredis' words for bytes that are no RESP: the other side is no Redis.
    if ((each as Error | undefined)?.message?.startsWith('Unknown RESP type')) {
      return redisFailed('misconfigured', 'PROTOCOL');
    }
  }
  // Sent from node to node: nothing that the settings could mend.
  if (gaveUpOn) return redisFailed('refusing_work', gaveUpOn);
  return redisFailed('unreachable', 'ECONNRESET');
}

/** ioredis' words where it follows a cluster no longer, and the reply that it met last. */
const GAVE_UP_ON = /^Too many Cluster redirections\. Last error: ReplyError: ([A-Z]+)/;

/** What a node of a cluster answers that has not got the key; as a last word it says little. */
const REDIRECTIONS = new Set(['MOVED', 'ASK']);

/** What a server without room for one more client answers to whatever comes first. */
const IS_FULL = /max number of clients/;

/** Whatever a server has against AUTH or SELECT is in the configuration, but for a server that starts or is full. */
export async function misconfiguredOnError(reply: Promise<unknown>): Promise<unknown> {
  try {
    return await reply;
  } catch (error) {
    const failure = redisFailure(error, undefined);
    const isRefusal = failure.params.detail === 'ERR' && !IS_FULL.test((error as Error).message);
    throw isRefusal ? redisFailed('misconfigured', 'ERR') : failure;
  }
}

const MISCONFIGURED_REPLIES = new Set(['WRONGPASS', 'NOAUTH', 'NOPERM', ...REDIRECTIONS]);

function replyFailure(message: string): AppError {
  // Redis 6.2 words an error inside a script as "ERR Error running script (...): @user_script:3: -OOM command ...".
  const inScript = /^ERR Error running script.*-([A-Z]+) /.exec(message)?.[1];
  const code = inScript ?? /^[A-Z]+/.exec(message)?.[0] ?? 'ERR';
  if (code === 'LOADING') return redisFailed('unreachable', code);
  if (MISCONFIGURED_REPLIES.has(code)) return redisFailed('misconfigured', code);
  if (/ACL failure in script|user executing the script can't/i.test(message)) {
    return redisFailed('misconfigured', 'NOPERM');
  }
  return redisFailed('refusing_work', code);
}

function isReplyError(error: unknown): error is Error {
  return error instanceof Error && error.name === 'ReplyError';
}

/** OpenSSL's and Node's names for a certificate that is not trusted, or a peer that does not speak TLS. */
function isTlsCode(code: string): boolean {
  return /CERT|UNABLE_TO_|^ERR_SSL_|^ERR_TLS_|^EPROTO$|_CA$|HOSTNAME_MISMATCH/.test(code);
}
