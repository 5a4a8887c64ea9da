/** Text as UTF-8, and text that is none: lone surrogates as WTF-8. */

const encoder = new TextEncoder();

// A leading U+FEFF is a character like any other; the default would drop it.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** With the `u` flag a surrogate of a pair is no match, only one that stands alone. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/** Up to this length a loop beats a call into the runtime. */
const SHORT = 100;

/** Whether `text` has no lone surrogate, so that UTF-8 can carry it. */
export function isWellFormed(text: string): boolean {
  return !LONE_SURROGATE.test(text);
}

/** The UTF-8 of a well-formed `text`. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** The text in `bytes[start..end)`, which must be valid UTF-8: the scan has seen to that. */
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

/** The WTF-8 of `text`: as UTF-8, with three bytes for a lone surrogate. */
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
 * The text whose WTF-8 is `bytes[start..end)`. Bytes that are none give some text, whose WTF-8 is
 * then another: compare.
 */
export function textFromWtf8(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let i = start; i < end;) {
    const first = bytes[i];
    const size = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    let point = size === 1 ? first : first & (0x7f >> size);
    for (let k = 1; k < size; k++) point = (point << 6) | (bytes[i + k] & 0x3f);
    // Four bytes can say more than Unicode has.
    text += String.fromCodePoint(Math.min(point, 0x10ffff));
    i += size;
  }
  return text;
}
