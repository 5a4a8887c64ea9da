/** The longest bignum, in bytes (8192 bits): reading and printing longer ones is slow. */
export const MAX_BIGINT_BYTES: number = 1024;

const LIMIT = 1n << BigInt(8 * MAX_BIGINT_BYTES);

/** Whether `value` fits: from -2^8192 to 2^8192 - 1. */
export function bigintFits(value: bigint): boolean {
  return value < LIMIT && value >= -LIMIT;
}

/** The big-endian bytes of a non-negative `magnitude`, without leading zeros. */
export function bigintBytes(magnitude: bigint): Uint8Array {
  if (magnitude === 0n) return new Uint8Array(0);
  let digits = magnitude.toString(16);
  if (digits.length % 2 === 1) digits = "0" + digits;
  const bytes = new Uint8Array(digits.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = parseInt(digits.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

/** The number whose big-endian bytes are `bytes[start..end)`. */
export function bigintFrom(bytes: Uint8Array, start: number, end: number): bigint {
  // Through hexadecimal, which takes linear time; adding byte by byte takes quadratic time.
  let digits = "0x0";
  for (let i = start; i < end; i++) digits += (bytes[i] + 0x100).toString(16).slice(1);
  return BigInt(digits);
}
