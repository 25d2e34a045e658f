import { expect } from 'chai';
import type { Session, WireSession } from '../../../src/lib/session/session.ts';
import { markOf, newToken } from '../../../src/lib/session/session-token.ts';
import { sessionJson, sessionRows } from '../../../src/lib/ui/session-view.ts';
import { sampleSession } from '../../support/sample-session.ts';

describe('a session', () => {
  const token = newToken();
  const session = (over: object = {}, expiresInMs = 89_001): Session => ({
    token,
    mark: markOf(token),
    wire: { ...sampleSession({ user_id: 7 }), ...over } as WireSession,
    expiresInMs,
  });

  describe('as JSON', () => {
    it('has the documented members in their order, and no token', () => {
      const json = sessionJson(
        session({ device: 'laptop', ip: '10.0.0.1', ip_source: 'ssh', secret: 'x' }),
        token,
      );
      expect(JSON.stringify(json)).to.equal(
        JSON.stringify({
          id: markOf(token).slice(0, 12),
          token_prefix: token.slice(0, 8),
          user_id: 7,
          email: 'user@example.com',
          rol: 'HUESPED',
          auth_user_id: null,
          huesped_id: 123,
          anfitrion_id: null,
          nombre: 'User Name',
          creado_en: '2025-11-16T15:00:00.000Z',
          created_at: '2025-11-16T15:00:00.000Z',
          last_activity: '2025-11-16T15:01:30.000Z',
          device: 'laptop',
          ip: '10.0.0.1',
          ip_source: 'ssh',
          expires_in: 90,
          current: true,
        }),
      );
      expect(JSON.stringify(json)).not.to.include(token);
    });

    it('has every member for a session of the Python client, and for one with less', () => {
      const names = Object.keys(sessionJson(session(), undefined));
      const least = session();
      const { user_id, email, rol, last_activity } = least.wire;
      const json = sessionJson(
        { ...least, wire: { user_id, email, rol, last_activity } as WireSession },
        undefined,
      );
      expect(Object.keys(json)).to.deep.equal(names);
      expect(json).to.include({
        nombre: null,
        creado_en: null,
        device: null,
        ip_source: null,
        current: false,
      });
      expect(JSON.parse(JSON.stringify(json))).to.have.all.keys(...names);
    });

    it('has whole seconds, never none for what still lives, and null for no end', () => {
      const seconds = [90_000, 89_999, 1_000, 1, 0, -1].map(
        (ms) => sessionJson(session({}, ms), undefined).expires_in,
      );
      expect(seconds).to.deep.equal([90, 90, 1, 1, 1, null]);
    });

    it('has null for a time that is none', () => {
      expect(sessionJson(session({ created_at: 'yesterday', creado_en: 5 }), undefined)).to.include({
        created_at: null,
        creado_en: null,
      });
    });
  });

  describe('for a person', () => {
    it('has its lines in the order of the menu', () => {
      const labels = (language: 'en' | 'es') => sessionRows(session(), language).map(([label]) => label);
      expect(labels('es')).to.deep.equal([
        'ID',
        'Token',
        'Email',
        'Creada',
        'Última actividad',
        'Tiempo restante',
        'Dispositivo',
        'IP',
      ]);
      expect(labels('en')).to.have.length(8);
    });

    it('shows the prefix of the token and no more of it', () => {
      const rows = sessionRows(session(), 'en');
      expect(rows[1]).to.deep.equal(['Token', `${token.slice(0, 8)}...`]);
      expect(JSON.stringify(rows)).not.to.include(token.slice(0, 9));
    });

    it('lets nothing through that a terminal obeys', () => {
      const evil = '\u001b[2J\u009b\u202e';
      const rows = sessionRows(
        session({ email: evil, created_at: evil, last_activity: evil, device: { x: evil }, ip: [evil] }),
        'es',
      );
      expect(rows.flat().join('')).not.to.match(/[\u0000-\u001f\u0080-\u009f\u202e]/);
    });

    it('says where there is no end', () => {
      expect(sessionRows(session({}, -1), 'en')[5]).to.deep.equal(['Time left', 'no end']);
      expect(sessionRows(session({}, 1_500), 'es')[5]).to.deep.equal(['Tiempo restante', '2 s']);
    });
  });
});
