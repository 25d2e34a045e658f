import { login, otherCommandsOfRedis, revoke, revokeAll, whoami } from './support/tested-commands.ts';
import { extent, tryEverywhere, tryInTheMiddle, useLanes } from './support/trials.ts';

describe('a Redis that fails', function () {
  this.timeout(20 * 60_000);
  const lanes = useLanes('redis');

  for (const command of [login, whoami, revoke, revokeAll]) {
    it(`${extent} of ${command.name}: it ends in time with the right code, and no session is lost or back`, () =>
      tryEverywhere(lanes, command));
  }

  for (const [index, command] of otherCommandsOfRedis.entries()) {
    it(`in the middle of ${command.name}: the same`, () => tryInTheMiddle(lanes, command, index));
  }
});
