import { login, otherCommandsOfPostgres } from './support/tested-commands.ts';
import { extent, tryEverywhere, tryInTheMiddle, useLanes } from './support/trials.ts';

describe('a PostgreSQL that fails', function () {
  this.timeout(20 * 60_000);
  const lanes = useLanes('postgres');

  it(`${extent} of ${login.name}: it ends in time with the right code, and no session is lost or back`, () =>
    tryEverywhere(lanes, login));

  it(`in the middle of ${otherCommandsOfPostgres.map(({ name }) => name).join(', ')}: the same`, () =>
    tryInTheMiddle(lanes, otherCommandsOfPostgres));
});
