/** Keys that are not checked: even if all of them collide, adding them takes microseconds. */
const UNCHECKED = 64;

/** Comparisons with colliding keys that a table may cost: a fixed number, and some for each key. */
const FREE_COMPARISONS = 32_768;
const COMPARISONS_PER_KEY = 16;

const INDEX = /^(?:0|[1-9]\d{0,9})$/;

const float = new Float64Array(1);
const words = new Uint32Array(float.buffer);

/** Whether the first word of a double has its lower bits. */
const IS_LITTLE_ENDIAN = ((float[0] = 1), words[0] === 0);

/**
 * Bounds the work that the keys of a Map or the members of a Set can cause. V8 hashes numbers, bigints and
 * texts of digits without a secret, so a sender can choose keys of which all have the same place in the
 * table, and each one is compared with all before it: 200 kB of integers took two seconds. This class counts
 * these comparisons as V8 would make them, before the keys are added. Random, consecutive and evenly spaced
 * keys stay far below the bound.
 */
export class KeySpread {
  readonly #hashes: Uint32Array;
  #count = 0;
  #chains = new Uint32Array(UNCHECKED / 2);
  #comparisons = 0;

  /** For a table of `size` keys. */
  constructor(size: number) {
    this.#hashes = new Uint32Array(size > UNCHECKED ? size : 0);
  }

  /** Must be called with each key before it is added; returns false if too many collide. */
  add(key: unknown): boolean {
    if (this.#hashes.length === 0) return true;
    const hash = hashOf(key);
    if (hash < 0) return true;
    // V8 has at most two keys for each chain, on average.
    if (this.#count === 2 * this.#chains.length) this.#grow();
    this.#hashes[this.#count++] = hash;
    this.#comparisons += this.#chains[hash & (this.#chains.length - 1)]++;
    return this.#comparisons <= FREE_COMPARISONS + COMPARISONS_PER_KEY * this.#count;
  }

  #grow(): void {
    const chains = this.#chains = new Uint32Array(2 * this.#chains.length);
    for (let i = 0; i < this.#count; i++) chains[this.#hashes[i] & (chains.length - 1)]++;
  }
}

/** V8's hash of a key, or -1 if no sender can know it. */
function hashOf(key: unknown): number {
  switch (typeof key) {
    case "number":
      if ((key | 0) === key) return hashOfInteger(key);
      float[0] = key;
      return IS_LITTLE_ENDIAN ? hashOfLong(words[0], words[1]) : hashOfLong(words[1], words[0]);
    case "bigint": {
      // Of the absolute value only the lowest 64 bits count.
      const low = BigInt.asUintN(64, key < 0n ? -key : key);
      return hashOfLong(Number(low & 0xffffffffn), Number(low >> 32n));
    }
    case "string":
      return INDEX.test(key) ? Number(key) & 0xffffff : -1;
    default:
      return -1;
  }
}

/** `ComputeUnseededHash` of V8. */
function hashOfInteger(key: number): number {
  let hash = (~key + (key << 15)) | 0;
  hash ^= hash >>> 12;
  hash = (hash + (hash << 2)) | 0;
  hash ^= hash >>> 4;
  hash = Math.imul(hash, 2057);
  hash ^= hash >>> 16;
  return hash & 0x3fffffff;
}

/** `ComputeLongHash` of V8, of 64 bits in two halves. */
function hashOfLong(low: number, high: number): number {
  // hash = ~hash + (hash << 18)
  let sum = (~low >>> 0) + ((low << 18) >>> 0);
  high = (~high + ((high << 18) | (low >>> 14)) + (sum > 0xffffffff ? 1 : 0)) | 0;
  low = sum | 0;
  // hash ^= hash >> 31
  [low, high] = [low ^ ((high << 1) | (low >>> 31)), high ^ (high >>> 31)];
  // hash *= 21
  sum = (low >>> 0) * 21;
  high = (Math.imul(high, 21) + Math.floor(sum / 0x100000000)) | 0;
  low = sum | 0;
  // hash ^= hash >> 11
  [low, high] = [low ^ ((high << 21) | (low >>> 11)), high ^ (high >>> 11)];
  // hash += hash << 6
  sum = (low >>> 0) + ((low << 6) >>> 0);
  high = (high + ((high << 6) | (low >>> 26)) + (sum > 0xffffffff ? 1 : 0)) | 0;
  low = sum | 0;
  // hash ^= hash >> 22
  return (low ^ ((high << 10) | (low >>> 22))) & 0x3fffffff;
}
