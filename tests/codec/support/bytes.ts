/** The bytes that `text` contains in hexadecimal; spaces are ignored. */
export function hex(text: string): Uint8Array {
  const digits = text.replaceAll(/\s/g, "");
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) => {
    return parseInt(digits.slice(2 * i, 2 * i + 2), 16);
  });
}

/** Bytes, or a binary string, in hexadecimal. */
export function toHex(bytes: Uint8Array | string): string {
  const all = typeof bytes === "string" ? [...bytes].map((unit) => unit.charCodeAt(0)) : [...bytes];
  return all.map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The concatenation of all `parts`. */
export function concat(...parts: (Uint8Array | readonly number[])[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}
