/** The number whose product with the odd number `factor` is 1, modulo 2^32. */
function inverse(factor: number): number {
  let x = 1;
  for (let i = 0; i < 6; i++) x = Math.imul(x, 2 - Math.imul(factor, x));
  return x;
}

/** The number from which `x ^ (x >>> shift)` makes `mixed`. */
function unmix(mixed: number, shift: number): number {
  let x = mixed;
  for (let bits = shift; bits < 32; bits += shift) x = mixed ^ (x >>> shift);
  return x;
}

/**
 * The 32-bit integer to which V8 gives the hash `hash` (its `ComputeUnseededHash`, backwards). The upper two
 * bits of `hash` do not count, so each hash has four integers.
 */
function unhash(hash: number): number {
  let key = Math.imul(unmix(hash, 16), inverse(2057));
  key = Math.imul(unmix(key, 4), inverse(5));
  key = Math.imul((unmix(key, 12) + 1) | 0, inverse(32_767));
  return key | 0;
}

/** Different integers that have the same place in a hash table of V8 with up to 2^17 keys: up to 65,536. */
export function collidingIntegers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => unhash(index << 16));
}

/**
 * How many times longer `work` takes with numbers that collide than with as many that do not: the smallest
 * ratio of three, since other work on the machine only ever makes it larger for one of them.
 */
export function slowdown(count: number, work: (numbers: number[]) => void): number {
  const positive = collidingIntegers(3 * count).filter((number) => number > 0).slice(0, count);
  const plain = Array.from(
    { length: count },
    (_, index) => 1_000_003 * (index + 1) % 2_147_483_647,
  );
  const time = (numbers: number[]): number => {
    const start = performance.now();
    work(numbers.sort((a, b) => a - b));
    return performance.now() - start;
  };
  return Math.min(...[1, 2, 3].map(() => time([...positive]) / time([...plain])));
}
