import {
  lenientLogin,
  login,
  otherCommandsOfRedis,
  revoke,
  revokeAll,
  whoami,
} from './support/tested-commands.ts';
import { extent, tryAtTheBeginning, tryEverywhere, tryInTheMiddle, useLanes } from './support/trials.ts';

describe('a Redis that fails', function () {
  this.timeout(20 * 60_000);
  const lanes = useLanes('redis');

  for (const command of [login, whoami, revoke, revokeAll]) {
    it(`${extent} of ${command.name}: it ends in time with the right code, and no session is lost or back`, () =>
      tryEverywhere(lanes, command));
  }

  it('at the beginning of a login that may use a stand-in: it has a session there or none, and Redis as before', () =>
    tryAtTheBeginning(lanes, lenientLogin));

  it(`in the middle of ${otherCommandsOfRedis.map(({ name }) => name).join(', ')}: the same`, () =>
    tryInTheMiddle(lanes, otherCommandsOfRedis));
});
