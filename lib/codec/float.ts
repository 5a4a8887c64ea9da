/**
 * IEEE 754 numbers of 16, 32 and 64 bits in their CBOR form: big-endian, in the shortest width that
 * preserves the value (RFC 8949, section 4.2.1).
 */

/** The output of {@linkcode packFloat} and the input of {@linkcode unpackFloat}. */
export const floatBytes: Uint8Array = new Uint8Array(8);

const view = new DataView(floatBytes.buffer);

/**
 * The half with the same value as the single with these bits, or -1 if there is none. Not for NaN.
 */
function halfBits(single: number): number {
  const sign = (single >>> 16) & 0x8000;
  const exponent = (single >>> 23) & 0xff;
  const fraction = single & 0x7fffff;
  if (exponent === 0xff) return sign | 0x7c00;
  if (exponent === 0) return fraction === 0 ? sign : -1;
  // A half has 10 bits of fraction, and exponents from -14 to 15; below that, down to 2^-24, the
  // leading 1 of a single becomes a bit of the fraction.
  const power = exponent - 127;
  if (power > 15 || power < -24) return -1;
  if (power >= -14) {
    return (fraction & 0x1fff) === 0 ? sign | ((power + 15) << 10) | (fraction >> 13) : -1;
  }
  const significand = 0x800000 | fraction;
  const dropped = -power - 1;
  return (significand & ((1 << dropped) - 1)) === 0 ? sign | (significand >> dropped) : -1;
}

/**
 * Puts `value` into {@linkcode floatBytes} in the fewest bytes that preserve it, and returns their number.
 * All NaNs have one form, of 2 bytes.
 */
export function packFloat(value: number): 2 | 4 | 8 {
  if (Number.isNaN(value)) {
    view.setUint16(0, 0x7e00);
    return 2;
  }
  if (Math.fround(value) !== value) {
    view.setFloat64(0, value);
    return 8;
  }
  view.setFloat32(0, value);
  const half = halfBits(view.getUint32(0));
  if (half < 0) return 4;
  view.setUint16(0, half);
  return 2;
}

/** Puts `value` into {@linkcode floatBytes} in 8 bytes. */
export function packDouble(value: number): void {
  view.setFloat64(0, value);
}

/** The number in the first `size` bytes of {@linkcode floatBytes}. */
export function unpackFloat(size: 2 | 4 | 8): number {
  if (size === 8) return view.getFloat64(0);
  if (size === 4) return view.getFloat32(0);
  const half = view.getUint16(0);
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0
    ? sign * fraction * 2 ** -24
    : sign * (0x400 + fraction) * 2 ** (exponent - 25);
}
