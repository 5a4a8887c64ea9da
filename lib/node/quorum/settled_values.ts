import { decodeValue, registerId } from "../../codec.ts";
import { type Present, REGISTER_KINDS, type RegisterId } from "../../paxos/register.ts";
import { RecentMap } from "../runtime/recent_map.ts";

/** Values kept, and their bytes in all, to bound memory; the least recently used are dropped first. */
const MAX_VALUES = 10_000;
const MAX_BYTES = 16 * 2 ** 20;

/** The same for the values that `value` has returned, in bytes and characters; the oldest are dropped first. */
const MAX_RETURNED = MAX_BYTES / 4;

/** What a caller cannot change, or the bytes of anything else. A value is never `undefined`. */
type Returned = string | number | bigint | boolean | Uint8Array;

/**
 * Values of the KV that can never change: present, chosen, and without bindings. A node that has seen one may
 * answer with it without asking a member, as long as it has a quorum.
 */
export class SettledValues {
  readonly #values = new RecentMap<RegisterId, Present>(MAX_VALUES, MAX_BYTES, size);
  /** By their keys: to encode one, and to decode its value, costs several times as much as the rest of a `get`. */
  readonly #returned = new RecentMap<string, Returned>(MAX_VALUES, MAX_RETURNED, size);
  readonly #hasQuorum: () => boolean;
  #generation = 0;

  /** Without values. `hasQuorum`: whether the node is open and has a quorum, at this instant. */
  constructor(hasQuorum: () => boolean) {
    this.#hasQuorum = hasQuorum;
  }

  /** The generation of the cluster that the values are of; it grows with each `clear`. */
  get generation(): number {
    return this.#generation;
  }

  /**
   * Keeps `state`, which was chosen for `register` in a cluster of this generation, if it is settled.
   */
  note(register: RegisterId, state: Present, generation: number): void {
    if (generation !== this.#generation) return;
    if (state.bindings.length > 0 || this.#values.get(register) !== undefined) return;
    this.#values.set(register, state);
  }

  /** The settled state of `register`, if it is known; only while the node has a quorum. */
  get(register: RegisterId): Present | undefined {
    const state = this.#values.use(register);
    return state && this.#hasQuorum() ? state : undefined;
  }

  /**
   * The settled value of a key in the default bucket, under the same conditions; it is the caller's own. `undefined`: it
   * has to be read, as all keys are that are no text. Does not throw.
   */
  value(key: unknown): unknown {
    if (typeof key !== "string") return undefined;
    const returned = this.#returned.get(key);
    if (returned !== undefined && this.#hasQuorum()) {
      return typeof returned === "object" ? decodeValue(returned) : returned;
    }
    try {
      const state = this.get(registerId(REGISTER_KINDS.key, undefined, key));
      if (state === undefined) return undefined;
      const value = decodeValue(state.value);
      this.#returned.set(key, typeof value === "object" ? state.value : value as Returned);
      return value;
    } catch {
      // It is too long for a key, or a member has given bytes that are no value: the read will throw that.
    }
  }

  /** Forgets all values: the cluster that chose them is gone. */
  clear(): void {
    this.#values.clear();
    this.#returned.clear();
    this.#generation++;
  }
}

/** A number or a boolean is not weighed, and a bigint, which takes a kilobyte at most, neither. */
function size(key: string, kept: Present | Returned): number {
  const { value = kept } = kept as Partial<Present>;
  return key.length + ((value as Uint8Array | string).length ?? 0);
}
