import { expect } from 'chai';
import { nearestCommand, nearestFlag, nearestVariable } from '../../src/lib/nearest.ts';

const COMMANDS = ['login', 'logout', 'password', 'whoami', 'db status', 'local status'];
const SESSIONS = ['sessions', 'sessions list', 'sessions revoke', 'sessions revoke-all'];

describe('the nearest command', () => {
  const nearest = (line: string) => nearestCommand(line.split(' '), [...COMMANDS, ...SESSIONS]);

  for (const [typed, meant] of [
    ['lgoin', 'login'],
    ['longout', 'logout'],
    ['WHOAMI', 'whoami'],
    ['passwd', 'password'],
    ['sesions list', 'sessions list'],
    ['session lst', 'sessions list'],
    ['sessions:list', 'sessions list'],
    ['sesions revoke 3f9a1c0b7d2e', 'sessions revoke'],
    ['sessions revoke-al', 'sessions revoke-all'],
    ['sesion', 'sessions'],
    ['sessions burn', 'sessions'],
    ['revoke', 'sessions revoke'],
  ] as const) {
    it(`to "${typed}" is "${meant}"`, () => expect(nearest(typed)).to.equal(meant));
  }

  it('to what resembles none, or more than one by its end, is none', () => {
    for (const typed of ['whoareyou', 'status', 'xyz', 'hunter2', ''])
      expect(nearest(typed)).to.equal(undefined);
  });
});

describe('the nearest flag', () => {
  const nearest = (typed: string) => nearestFlag(typed, ['email', 'password-stdin', 'yes', 'json']);

  for (const [typed, meant] of [
    ['--jsno', '--json'],
    ['--emial', '--email'],
    ['-json', '--json'],
    ['--password', '--password-stdin'],
    ['--pasword-stdin', '--password-stdin'],
  ] as const) {
    it(`to ${typed} is ${meant}`, () => expect(nearest(typed)).to.equal(meant));
  }

  it('to what resembles none is none', () => {
    for (const typed of ['--nonsense', '-x', '--']) expect(nearest(typed)).to.equal(undefined);
  });
});

describe('the nearest variable', () => {
  const nearest = (typed: string) =>
    nearestVariable(typed, ['AIRBNB_SESSION_TTL', 'AIRBNB_STRICT', 'AIRBNB_LANG']);

  for (const [typed, meant] of [
    ['AIRBNB_SESION_TTL', 'AIRBNB_SESSION_TTL'],
    ['AIRBNB_STRIKT', 'AIRBNB_STRICT'],
  ] as const) {
    it(`to ${typed} is ${meant}`, () => expect(nearest(typed)).to.equal(meant));
  }

  it('is none for what shares no more than the beginning of all', () => {
    for (const typed of ['AIRBNB_', 'AIRBNB_FOO', 'AIRBNB_PORT']) expect(nearest(typed)).to.equal(undefined);
  });
});
