import type { ConnectionOptions } from 'node:tls';
import { readFileInTime } from '../read-file-in-time.ts';
import type { SslMode } from './postgres-address.ts';
import { postgresFailure } from './postgres-errors.ts';

/** Where libpq takes the certificates of the system. */
const SYSTEM = 'system';

/**
 * The driver's `ssl` option with the meaning that libpq gives to sslmode and sslrootcert: `prefer` and `require`
 * encrypt without asking who answers, `verify-ca` checks who signed the certificate, `verify-full` also the name
 * in it. As in libpq, a root certificate turns `require` into `verify-ca`, and `system` anything but `disable` into
 * `verify-full`. Where verify-* has no root certificate, Node's own list of authorities is used.
 * @param host a unix socket's folder (beginning with `/`) never gets TLS
 * @throws AppError `misconfigured` where the root certificate cannot be read
 * https://www.postgresql.org/docs/current/libpq-ssl.html
 */
export function postgresTls(
  host: string,
  mode: SslMode,
  rootCert: string | undefined,
): ConnectionOptions | false {
  if (mode === 'disable' || host.startsWith('/')) return false;
  if (rootCert === SYSTEM) return { rejectUnauthorized: true };
  const verifies = mode.startsWith('verify') || (mode === 'require' && rootCert !== undefined);
  if (!verifies) return { rejectUnauthorized: false };
  return {
    rejectUnauthorized: true,
    ...(rootCert === undefined ? {} : { ca: readRootCert(rootCert) }),
    ...(mode === 'verify-full' ? {} : { checkServerIdentity: () => undefined }),
  };
}

function readRootCert(path: string): string {
  try {
    return readFileInTime(path);
  } catch {
    throw postgresFailure('misconfigured', 'root_cert_unreadable', { path });
  }
}
