import { expect } from 'chai';
import { parseWireSession } from '../../../src/lib/session/session.ts';
import { sampleSession } from '../../support/sample-session.ts';

/** What is corrupt is in the restore script's test, which holds both to the same verdict. */
describe('session JSON in a list', () => {
  it('is read with whatever else is in it', () => {
    const session = { ...sampleSession(), ends_at: null, extra: [1, { deep: true }] };
    expect(parseWireSession(JSON.stringify(session))).to.deep.equal(session);
  });

  it('needs no more than user_id, email, rol and last_activity', () => {
    const least = { user_id: 1, email: '', rol: '', last_activity: '' };
    expect(parseWireSession(JSON.stringify(least))).to.deep.equal(least);
  });
});
