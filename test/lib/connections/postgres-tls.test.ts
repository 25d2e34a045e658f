import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { postgresTls } from '../../../src/lib/connections/postgres-tls.ts';

/** Any file will do: what is in it is for TLS to judge. */
const ROOT = __filename;

describe('the TLS of a connection to PostgreSQL', () => {
  it('is left out where it is disabled, and on unix sockets', () => {
    expect(postgresTls('db', 'disable', ROOT)).to.equal(false);
    expect(postgresTls('/run/postgresql', 'verify-full', ROOT)).to.equal(false);
  });

  it('asks nobody for a certificate under prefer and require', () => {
    expect(postgresTls('db', 'prefer', undefined)).to.deep.equal({ rejectUnauthorized: false });
    expect(postgresTls('db', 'prefer', ROOT)).to.deep.equal({ rejectUnauthorized: false });
    expect(postgresTls('db', 'require', undefined)).to.deep.equal({ rejectUnauthorized: false });
  });

  it('asks for a signature, and any name, under verify-ca, and under require with a root certificate', () => {
    for (const mode of ['verify-ca', 'require'] as const) {
      const options = postgresTls('db', mode, ROOT);
      expect(options).to.include({ rejectUnauthorized: true, ca: readFileSync(ROOT, 'utf8') });
      expect(options).to.have.property('checkServerIdentity');
    }
  });

  it('asks for the name too under verify-full, and with the certificates of the system', () => {
    const options = postgresTls('db', 'verify-full', ROOT);
    expect(options).to.deep.equal({ rejectUnauthorized: true, ca: readFileSync(ROOT, 'utf8') });
    expect(postgresTls('db', 'require', 'system')).to.deep.equal({ rejectUnauthorized: true });
  });
});
