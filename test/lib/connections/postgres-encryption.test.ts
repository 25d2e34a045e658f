import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { sql } from 'kysely';
import { openPostgres } from '../../../src/lib/connections/postgres.ts';
import { configOf } from '../../support/account-database.ts';
import { makeCertificates } from '../../support/certificates.ts';
import type { EngineProcess } from '../../support/engines/engine-process.ts';
import { startPostgres } from '../../support/engines/native.ts';
import { engines } from '../../support/engines.ts';
import { failureOf } from '../../support/failure-of.ts';

describe('TLS to PostgreSQL', () => {
  if (engines.kind === 'embedded') {
    // PGlite knows no TLS. CI runs this on native servers.
    it.skip('needs native servers: npm run test:servers');
    return;
  }

  let folder: string;
  let server: EngineProcess;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'airbnb-tls-'));
    makeCertificates(folder, 'DNS:localhost');
    const pem = (name: string) => readFileSync(join(folder, name), 'utf8');
    server = await startPostgres({ key: pem('server.key'), cert: pem('server.pem') });
  });
  after(async () => {
    await server?.dispose();
    rmSync(folder, { recursive: true });
  });

  /** @param host `localhost`, as the certificate calls the server, or its address, which is not in there */
  async function isEncrypted(host: 'localhost' | '127.0.0.1', sslmode: string, rootCert?: string) {
    const url = new URL(server.url);
    url.hostname = host;
    url.searchParams.set('sslmode', sslmode);
    if (rootCert) url.searchParams.set('sslrootcert', join(folder, rootCert));
    const db = openPostgres<unknown>(configOf(url.href));
    try {
      const { rows } = await sql<{ ssl: boolean }>`
        select ssl from pg_stat_ssl where pid = pg_backend_pid()`.execute(db);
      return rows[0]?.ssl;
    } finally {
      await db.destroy();
    }
  }

  const refusal = async (...how: Parameters<typeof isEncrypted>) => {
    const { reason, exitCode, params } = await failureOf(isEncrypted(...how));
    return `${reason} ${exitCode} ${params.detail}`;
  };

  it('is left out under disable, and used by prefer where there is some', async () => {
    expect(await isEncrypted('localhost', 'disable')).to.equal(false);
    expect(await isEncrypted('localhost', 'prefer')).to.equal(true);
  });

  it('asks nobody’s name or signature under require', async () => {
    expect(await isEncrypted('127.0.0.1', 'require')).to.equal(true);
  });

  it('asks who signed, and not for whom, under verify-ca, and under require with a root certificate', async () => {
    for (const mode of ['verify-ca', 'require']) {
      expect(await isEncrypted('127.0.0.1', mode, 'ca.pem'), mode).to.equal(true);
      expect(await refusal('localhost', mode, 'other-ca.pem')).to.match(
        /^misconfigured 78 .*(SIGNATURE|CERT)/,
      );
    }
  });

  it('asks for the name too under verify-full', async () => {
    expect(await isEncrypted('localhost', 'verify-full', 'ca.pem')).to.equal(true);
    expect(await refusal('127.0.0.1', 'verify-full', 'ca.pem')).to.equal(
      'misconfigured 78 ERR_TLS_CERT_ALTNAME_INVALID',
    );
  });

  it('does not trust an authority that only we know, where no root certificate is named', async () => {
    for (const mode of ['verify-ca', 'verify-full']) {
      expect(await refusal('localhost', mode)).to.match(/^misconfigured 78 .*(SIGNATURE|CERT)/);
    }
  });
});
