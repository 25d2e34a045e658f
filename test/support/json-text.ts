import fc from 'fast-check';

/** JSON as text, in every way of writing the same: white space, escapes, forms of numbers. */

export const whitespace = fc
  .array(fc.constantFrom(' ', '\n', '\t', '\r'), { maxLength: 2 })
  .map((characters) => characters.join(''));

/** One character inside a string, as it stands or escaped. */
const character = fc.oneof(
  { weight: 6, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }).map(escapeIfNeeded) },
  { weight: 1, arbitrary: fc.constantFrom('\\"', '\\\\', '\\/', '\\b', '\\f', '\\n', '\\r', '\\t') },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 0xffff }).map(unicodeEscape) },
  { weight: 2, arbitrary: fc.constantFrom('{', '}', '[', ']', ',', ':', '\\"last_activity\\": \\"x\\"') },
);

/** A string in its quotes. */
export const stringText = fc
  .array(character, { maxLength: 8 })
  .map((characters) => `"${characters.join('')}"`);

const knownNumbers = fc.constantFrom(
  '0',
  '-0',
  '1.0',
  '1e5',
  '-1.5E-7',
  '1E+2',
  '9007199254740991',
  '9007199254740993',
  '123456789012345678901234567890',
  '1e400',
);

/** Of any size and in any form that JSON has. */
const numberText = fc.oneof(
  knownNumbers,
  fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }).map(String),
  fc
    .tuple(fc.integer(), fc.nat(999), fc.constantFrom('e', 'E', 'e+', 'E-'), fc.nat(310))
    .map(([whole, fraction, e, power]) => `${whole}.${fraction}${e}${power}`),
);

const { value: anyValue } = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    stringText,
    numberText,
    fc.constantFrom('true', 'false', 'null', '[]', '{}', '[ ]', '{\n}'),
    fc
      .array(fc.tuple(whitespace, tie('value'), whitespace), { maxLength: 3 })
      .map((items) => `[${items.map((item) => item.join('')).join(',')}]`),
    fc
      .array(fc.tuple(fc.oneof(stringText, keyText('last_activity')), whitespace, tie('value')), {
        maxLength: 3,
      })
      .map((members) => `{${members.map(([key, space, value]) => `${key}${space}:${value}`).join(',')}}`),
  ),
}));

/** Any JSON value; objects in it often have a `last_activity` of their own. */
export const valueText = anyValue;

/** A key of this name, some of its characters escaped. */
export function keyText(name: string): fc.Arbitrary<string> {
  return fc
    .array(fc.boolean(), { minLength: name.length, maxLength: name.length })
    .map((escaped) =>
      [...name].map((each, at) => (escaped[at] ? unicodeEscape(each.charCodeAt(0)) : each)).join(''),
    )
    .map((text) => `"${text}"`);
}

function escapeIfNeeded(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

function unicodeEscape(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, '0')}`;
}
