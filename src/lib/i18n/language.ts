import type { Environment } from '../settings.ts';

export type Language = 'en' | 'es';

/** The same texts in every language: the compiler refuses a missing key, an extra one or another signature. */
export type Texts<T> = { readonly [L in Language]: T };

/** Declares texts: English gives the shape, Spanish has to fill it. */
export function defineTexts<T>(texts: { readonly en: T; readonly es: NoInfer<T> }): Texts<T> {
  return texts;
}

/**
 * The user's language: the first of AIRBNB_LANG, LC_ALL, LC_MESSAGES and LANG that holds something. `es*` is
 * Spanish, all else English.
 * @param fromSettings AIRBNB_LANG where the settings were read, which may be in a `.env`
 */
export function detectLanguage(environment: Environment, fromSettings?: string): Language {
  const { AIRBNB_LANG, LC_ALL, LC_MESSAGES, LANG } = environment;
  const locale = AIRBNB_LANG || fromSettings || LC_ALL || LC_MESSAGES || LANG || '';
  return locale.toLowerCase().startsWith('es') ? 'es' : 'en';
}
