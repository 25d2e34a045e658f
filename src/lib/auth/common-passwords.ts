/**
 * Words that passwords in leaked lists are made of, in Spanish and English. Shorter ones count too, as they come
 * with a tail: `qwerty123`, `Admin2024!`.
 */
const WORDS = new Set(
  `
  password passwort passw0rd p@ssword p@ssw0rd pa$$word contraseña contrasena contraseñas contrasenas clave miclave
  secreto secreta acceso entrar invitado usuario prueba pruebas temporal cambiame changeme default guest
  admin admin1 administrator administrador root toor test tester testing login welcome welcome1 letmein hello
  hola bienvenido bienvenida trustno1 whatever nothing iloveyou iloveu loveyou teamo tequiero tequieromucho
  miamor mivida amor amores amigos princesa princess preciosa hermosa bonita corazon angel angelito bebe
  estrella mariposa chocolate galleta sunshine flower butterfly summer winter spring autumn verano invierno
  football futbol baseball basketball soccer hockey barcelona realmadrid madrid arsenal liverpool chelsea
  superman batman spiderman starwars pokemon naruto dragon dragonball monkey tigger pantera master shadow
  killer hunter ranger cookie pepper ginger cheese banana computer computadora internet samsung google
  facebook airbnb michael jennifer jessica jordan charlie daniel alejandro alejandra carlos andrea
  fernando gabriel sebastian estefania valentina mercedes ferrari mustang corvette harley
  qwerty qwertz azerty qazwsx qazwsxedc zaq12wsx 1q2w3e 1q2w3e4r 1q2w3e4r5t q1w2e3r4 q1w2e3r4t5 1qaz2wsx 1qazxsw2
  abc abcd abcde abcdef a1b2c3 a1b2c3d4 abc123 aa12345678 asd asdf asdfgh zxcvbn zxcv
  `
    .trim()
    .split(/\s+/),
);

/** What fingers run along: rows of keyboards, digits, the alphabet. */
const RUNS = [
  '12345678901234567890',
  'qwertyuiopasdfghjklñzxcvbnm',
  'qwertyuiop[]',
  'abcdefghijklmnopqrstuvwxyz',
];

/**
 * Whether a password is among those that are tried first: a common word with up to four digits or signs after it,
 * one short piece over and over (where that is no longer than people type), or a run along the keyboard, forwards or
 * backwards.
 * @param password at least as long as a password must be
 */
export function isCommonPassword(password: string): boolean {
  const lower = password.normalize('NFC').toLowerCase();
  return isWordWithTail(lower) || isRepetition(lower) || isRun(lower);
}

/** Characters up to which a repetition is one of those that are tried first. */
const LONGEST_REPETITION = 16;

function isRepetition(text: string): boolean {
  return text.length <= LONGEST_REPETITION && /^(.{1,4})\1+$/su.test(text);
}

function isWordWithTail(text: string): boolean {
  for (let tail = 0; tail <= 4 && /^[\d\p{P}\p{S}]*$/u.test(text.slice(text.length - tail)); tail++) {
    if (WORDS.has(text.slice(0, text.length - tail))) return true;
  }
  return false;
}

function isRun(text: string): boolean {
  const backwards = [...text].reverse().join('');
  return RUNS.some((run) => run.includes(text) || run.includes(backwards));
}
