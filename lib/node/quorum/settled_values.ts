import type { Present, RegisterId } from "../../paxos/register.ts";
import { RecentMap } from "../runtime/recent_map.ts";

/** Values kept, and their bytes in all, to bound memory; the least recently used are dropped first. */
const MAX_VALUES = 10_000;
const MAX_BYTES = 16 * 2 ** 20;

/**
 * Values of the KV that can never change: present, chosen, and without bindings. A node that has seen one may
 * answer with it without asking a member.
 */
export class SettledValues {
  readonly #values = new RecentMap(MAX_VALUES, MAX_BYTES, size);
  #generation = 0;

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

  /** The settled state of `register`, if it is known. */
  get(register: RegisterId): Present | undefined {
    return this.#values.use(register);
  }

  /** Forgets all values: the cluster that chose them is gone. */
  clear(): void {
    this.#values.clear();
    this.#generation++;
  }
}

function size(register: RegisterId, state: Present): number {
  return register.length + state.value.length;
}
