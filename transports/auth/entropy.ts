/** Bits per letter of text that consists of words, per other letter, digit, and the first of each sign. */
const WORD_BITS = 2;
const LETTER_BITS = 4.7;
const DIGIT_BITS = 3.3;
const SIGN_BITS = 4;

/** Bits per letter or digit of a hexadecimal text. */
const HEX_BITS = 4;

/** Text with letters of which all are hexadecimal digits. */
const HEX = /^(?=.*[a-f])[\da-f-]*$/i;

/** Possible words, also in CamelCase. */
const WORDS = /[A-Z]?[a-z]{3,}|[A-Z]{4,}/g;

/** Letters that are no word: random letters soon contain some, words hardly ever. */
const NO_WORD = /[^aeiouy]{4}|^[^aeiouy]+$/i;

/** The share of the letters in words above which text consists of words; random base64 stays below it. */
const WORDS_SHARE = 0.8;

/** Four or more words with signs between them, or a space, which no generator puts into a secret. */
const PHRASE = /^\p{L}{2,}([-_.,:;!?'/]+\p{L}{2,}){3,}[^\p{L}\d]*$|\S[ \t]+\S/u;

/** The letters in the order of the keyboard. */
const KEYBOARD = "qwertyuiopasdfghjklzxcvbnm";

/**
 * A rough estimate of the entropy of `secret`, in bits. It is low for words, repetitions and sequences, and
 * about two thirds of the true value for random text in base64. Not every guessable secret is recognized.
 */
export function estimateBits(secret: string): number {
  const [letterBits, digitBits] = bitsOf(secret);
  const characters = [...secret.toLowerCase()];
  const alphabet = characters.map((character) => character.codePointAt(0)!);
  const keyboard = characters.map((character) => {
    const place = KEYBOARD.indexOf(character);
    return place < 0 ? NaN : place;
  });
  const seen = new Set<string>();
  const isNew = (part: string): boolean => seen.size < seen.add(part).size;
  let bits = 0;
  characters.forEach((character, at) => {
    const isRepeated = at >= 2 && !isNew(characters.slice(at - 2, at + 1).join(""));
    if (isRepeated || continues(alphabet, at) || continues(keyboard, at)) return;
    if (/\d/.test(character)) bits += digitBits;
    else if (/\p{L}/u.test(character)) bits += letterBits;
    else if (isNew(character)) bits += SIGN_BITS;
  });
  return bits;
}

/** Whether three places up to `at` are the same one or neighbours in one direction: `aaa`, `abc`, `321`. */
function continues(places: readonly number[], at: number): boolean {
  const step = places[at] - places[at - 1];
  return Math.abs(step) <= 1 && step === places[at - 1] - places[at - 2];
}

/** The bits of each letter, and of each digit. */
function bitsOf(secret: string): [letter: number, digit: number] {
  if (HEX.test(secret)) return [HEX_BITS, HEX_BITS];
  const letters = secret.match(/\p{L}/gu)?.length ?? 0;
  const words = secret.match(WORDS)?.filter((word) => !NO_WORD.test(word)) ?? [];
  const areWords = words.join("").length > WORDS_SHARE * letters || PHRASE.test(secret);
  return [areWords ? WORD_BITS : LETTER_BITS, DIGIT_BITS];
}
