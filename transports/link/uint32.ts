/** Integers of 32 bits, the lowest byte first. A `DataView` for a few of them takes longer than all the rest of a message. */

/** Writes `value` into four bytes from `at` on. */
export function writeUint32(bytes: Uint8Array, at: number, value: number): void {
  for (let i = 0; i < 32; i += 8) bytes[at++] = value >>> i;
}

/** The value in the four bytes from `at` on. */
export function readUint32(bytes: Uint8Array, at: number): number {
  return bytes[at] + bytes[at + 1] * 2 ** 8 + bytes[at + 2] * 2 ** 16 + bytes[at + 3] * 2 ** 24;
}
