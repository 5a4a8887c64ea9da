/** Text as UTF-8, and strings with lone surrogates as WTF-8. */

const encoder = new TextEncoder();

// A leading U+FEFF is an ordinary character; the default would drop it.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Matches a lone surrogate: with the `u` flag a surrogate of a pair does not match. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/** The length in bytes up to which a loop is faster than a call into the runtime. */
const SHORT = 100;

/** Whether `text` has no lone surrogate, so that UTF-8 can carry it. */
export function isWellFormed(text: string): boolean {
  return !LONE_SURROGATE.test(text);
}

/** The UTF-8 of a well-formed `text`. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** The beginning of `text` that takes at most `limit` bytes of UTF-8; lone surrogates are replaced. */
export function utf8Beginning(text: string, limit: number): string {
  const bytes = encoder.encode(text);
  let end = Math.min(limit, bytes.length);
  // Not within a character.
  while (end < bytes.length && (bytes[end] & 0xc0) === 0x80) end--;
  return decoder.decode(bytes.subarray(0, end));
}

/** Whether `text` takes at most `limit` bytes of UTF-8. */
export function isUtf8Within(text: string, limit: number): boolean {
  return text.length <= limit && (3 * text.length <= limit || utf8(text).length <= limit);
}

/** The text in `bytes[start..end)`, which must be valid UTF-8: the scan has checked it. */
export function textFrom(bytes: Uint8Array, start: number, end: number): string {
  if (end - start > SHORT) return decoder.decode(bytes.subarray(start, end));
  const units = new Array<number>(end - start);
  for (let i = start; i < end; i++) {
    const byte = bytes[i];
    if (byte > 0x7f) return decoder.decode(bytes.subarray(start, end));
    units[i - start] = byte;
  }
  return String.fromCharCode.apply(null, units);
}

/** The WTF-8 of `text`: UTF-8, with three bytes for each lone surrogate. */
export function wtf8(text: string): Uint8Array {
  const bytes: number[] = [];
  for (const character of text) {
    const point = character.codePointAt(0)!;
    if (point < 0xd800 || point > 0xdfff) bytes.push(...encoder.encode(character));
    else bytes.push(0xe0 | (point >> 12), 0x80 | ((point >> 6) & 0x3f), 0x80 | (point & 0x3f));
  }
  return Uint8Array.from(bytes);
}

/**
 * The text whose WTF-8 is `bytes[start..end)`. Invalid bytes return a text with another WTF-8, so callers
 * must encode the result again and compare.
 */
export function textFromWtf8(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let i = start; i < end;) {
    const first = bytes[i];
    const size = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    let point = size === 1 ? first : first & (0x7f >> size);
    for (let k = 1; k < size; k++) point = (point << 6) | (bytes[i + k] & 0x3f);
    // Four bytes can encode numbers beyond Unicode.
    text += String.fromCodePoint(Math.min(point, 0x10ffff));
    i += size;
  }
  return text;
}
