/**
 * The index of the first invalid UTF-8 sequence in `bytes[start..end)` (RFC 3629: shortest forms only, no
 * surrogates, nothing past U+10FFFF); -1 if there is none.
 */
export function invalidUtf8At(bytes: Uint8Array, start: number, end: number): number {
  let i = start;
  while (i < end) {
    const first = bytes[i];
    if (first < 0x80) {
      i++;
      continue;
    }
    const size = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
    if (size === 0 || i + size > end) return i;
    // The first byte bounds the second one: this excludes overlong forms, surrogates, and numbers past
    // the end of Unicode.
    const second = bytes[i + 1];
    const lowest = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
    const highest = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
    if (second < lowest || second > highest) return i;
    for (let k = 2; k < size; k++) {
      if ((bytes[i + k] & 0xc0) !== 0x80) return i;
    }
    i += size;
  }
  return -1;
}
