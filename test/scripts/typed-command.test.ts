import { expect } from 'chai';
import { typed } from '../../scripts/guided-run/typed-command.ts';

describe('a command line as it is typed', () => {
  it('has quotes where a shell needs them', () => {
    expect(typed({ args: ['register', '--nombre', "Ana O'Neil"] })).to.equal(
      "airbnb register --nombre 'Ana O'\\''Neil'",
    );
  });

  it('has variables before it, and the name of the password but not the password', () => {
    expect(typed({ args: ['login'], env: { AIRBNB_SESSION_TTL: '3' }, pipesPassword: true })).to.equal(
      `printf '%s\\n' "$PASSWORD" | AIRBNB_SESSION_TTL=3 airbnb login`,
    );
  });
});
