/** Whether a reader sees anything of a text. */
export function isSeen(text: string): boolean {
  return /[!-~]/.test(text) || holdsSeen(text); // Most hold a letter of ASCII, and Unicode's tables take time to load.
}

/**
 * Whether there is a character that takes a place of its own: neither a blank, nor a mark on another, nor one that is
 * not shown. The blank of Braille is a symbol to Unicode.
 */
function holdsSeen(text: string): boolean {
  return /[^\p{Z}\p{M}\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\u2800]/u.test(text);
}
