/** The bounds of the registers that an acceptor holds. */
export interface CapacityOptions {
  /** Most registers that it holds. */
  readonly maxKeys: number;
  /** Bytes of the held registers at which new ones are refused; see `sizeOf`. */
  readonly maxBytes: number;
}

/** The progress of making room, as reported with `full`. */
export interface MakingRoom {
  /** Whether something that has ended is being sealed or forgotten: it is worth asking again soon. */
  readonly tidying: boolean;
  /** The members that released registers wait for. */
  readonly missing: readonly string[];
}

/**
 * Size of the reserve as a share of `maxKeys` and of `maxBytes`, in addition to them, for proposals that add no
 * new value.
 */
const RESERVE = 1 / 64;

/** Smallest reserve, in registers and in bytes. */
const LEAST_RESERVED_KEYS = 16;
const LEAST_RESERVED_BYTES = 64 * 1024;

/**
 * Whether there is room for one more register that takes `size` bytes, with `keys` and `bytes` in use. A
 * proposal that adds no new value to the cluster (a read that has to write, a seal, a release) may use the
 * reserve: otherwise a full member could not take part in proposals for registers that only others hold.
 */
export function hasRoom(
  { maxKeys, maxBytes }: CapacityOptions,
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
