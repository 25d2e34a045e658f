import { expect } from 'chai';
import { detectLanguage } from '../../../src/lib/i18n/language.ts';

describe('the language', () => {
  it('is Spanish for every es* locale, in upper case too', () => {
    for (const locale of ['es', 'ES', 'es_AR', 'es_ES.UTF-8', 'es-MX', 'es_419', 'es@euro']) {
      expect(detectLanguage({ LANG: locale }), locale).to.equal('es');
    }
  });

  it('is English for all else', () => {
    for (const locale of ['en', 'en_GB.UTF-8', 'C', 'C.UTF-8', 'POSIX', 'pt_BR', 'ca_ES.UTF-8', 'nonsense']) {
      expect(detectLanguage({ LANG: locale }), locale).to.equal('en');
    }
    expect(detectLanguage({})).to.equal('en');
  });

  it('comes from AIRBNB_LANG, LC_ALL, LC_MESSAGES and LANG, in this order', () => {
    const names = ['AIRBNB_LANG', 'LC_ALL', 'LC_MESSAGES', 'LANG'];
    for (const [index, name] of names.entries()) {
      const weaker = names.slice(index + 1);
      for (const [mine, theirs] of [
        ['es', 'en'],
        ['en', 'es'],
      ] as const) {
        const environment = Object.fromEntries([[name, mine], ...weaker.map((each) => [each, theirs])]);
        expect(detectLanguage(environment), JSON.stringify(environment)).to.equal(mine);
      }
    }
  });

  it('passes over what is set but empty', () => {
    const environment = { AIRBNB_LANG: '', LC_ALL: '', LC_MESSAGES: '', LANG: 'es_CO.UTF-8' };
    expect(detectLanguage(environment)).to.equal('es');
    expect(detectLanguage({ ...environment, LANG: '' })).to.equal('en');
  });

  it('takes AIRBNB_LANG of the settings too, below that of the environment and above the locale', () => {
    expect(detectLanguage({ LC_ALL: 'en_US.UTF-8' }, 'es')).to.equal('es');
    expect(detectLanguage({ AIRBNB_LANG: 'en', LC_ALL: 'es' }, 'es')).to.equal('en');
  });
});
