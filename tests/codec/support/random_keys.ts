import type { KeyPart } from "../../../lib/codec.ts";
import type { Random } from "./random.ts";

/** Random keys, with the parts of Maps, Sets and objects in random order, and numbers of all kinds. */
export class RandomKeys {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  text(): string {
    // Any code units, including lone surrogates.
    const random = this.#random;
    const units = random.list(6, () => random.once(3) ? random.below(0x10000) : random.below(0x80));
    return String.fromCharCode(...units);
  }

  number(): number {
    const random = this.#random;
    return random.pick([
      () => random.below(600) - 300,
      () => random.uint32() * random.uint32(),
      () => random.uint32() / 4096,
      () => -random.uint32() * 2 ** random.below(80),
      () => random.pick([NaN, -0, Infinity, -Infinity, 2 ** 53, 2 ** 64, 1e300]),
    ])();
  }

  make(depth: number): KeyPart {
    const random = this.#random;
    if (depth === 0 || random.once(3)) {
      return random.pick<() => KeyPart>([
        () => this.text(),
        () => this.number(),
        () => BigInt(random.uint32()) ** BigInt(random.below(6)) * (random.once(2) ? 1n : -1n),
        () => random.pick([true, false, null]),
        () => random.bytes(random.below(8)),
        () => new Date(random.below(1e6)),
      ])();
    }
    const inner = () => this.make(depth - 1);
    return random.pick<() => KeyPart>([
      () => random.list(4, inner),
      () => Object.fromEntries(random.list(4, () => [this.text(), inner()])),
      () => new Map(random.list(3, () => [this.text(), inner()])),
      () => new Set(random.list(3, () => this.text())),
    ])();
  }

  /** An equal key, constructed in another way. */
  again(key: KeyPart): KeyPart {
    const random = this.#random;
    if (typeof key === "number") {
      if (Number.isInteger(key) && random.once(2)) return BigInt(key);
      return key === 0 ? -key : key;
    }
    if (typeof key === "bigint" && key === BigInt(Number(key)) && random.once(2)) {
      return Number(key);
    }
    if (typeof key !== "object" || key === null) return key;
    if (key instanceof Uint8Array) return key.slice();
    if (key instanceof Date) return new Date(key);
    if (Array.isArray(key)) return key.map((part) => this.again(part));
    if (key instanceof Set) return new Set(random.shuffle([...key]));
    const entries = random.shuffle(key instanceof Map ? [...key] : Object.entries(key));
    const copies = entries.map(([name, part]) => [name, this.again(part)] as [string, KeyPart]);
    return key instanceof Map ? new Map(copies) : Object.fromEntries(copies);
  }
}
