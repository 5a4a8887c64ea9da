/** The bounds of the registers that an acceptor holds. */
export interface RoomOptions {
  /** Most registers that it holds. */
  readonly maxKeys: number;
  /** Bytes of the held registers at which new ones are refused; see `sizeOf`. */
  readonly maxBytes: number;
}

/** The part of `maxKeys` and of `maxBytes` that comes on top of them for what brings nothing new. */
const RESERVE = 1 / 64;

/** The smallest such reserve, in registers and in bytes. */
const LEAST_RESERVED_KEYS = 16;
const LEAST_RESERVED_BYTES = 64 * 1024;

/**
 * Whether there is room for one more register that takes `size` bytes, with `keys` and `bytes` in use. What
 * brings nothing new to the cluster (a read that has to be settled, a seal, a release) may use the reserve, too:
 * without that, a full member could not take part for what others hold.
 */
export function hasRoom(
  { maxKeys, maxBytes }: RoomOptions,
  keys: number,
  bytes: number,
  size: number,
  mayUseReserve: boolean,
): boolean {
  const reservedKeys = Math.max(LEAST_RESERVED_KEYS, Math.floor(maxKeys * RESERVE));
  const reservedBytes = Math.max(LEAST_RESERVED_BYTES, maxBytes * RESERVE);
  return keys < maxKeys + (mayUseReserve ? reservedKeys : 0) &&
    bytes + size <= maxBytes + (mayUseReserve ? reservedBytes : 0);
}
