import type { Present, RegisterId } from "../../paxos/register.ts";
import { RecentMap } from "../runtime/recent_map.ts";

/** So many values are kept, of so many bytes in all; those that were not asked for longest go first. */
const MAX_VALUES = 10_000;
const MAX_BYTES = 16 * 2 ** 20;

/**
 * Values of the KV that can never change: present, chosen, and bound to nothing. Whoever has seen one
 * may tell it again without asking anybody.
 */
export class SettledValues {
  readonly #values = new RecentMap(MAX_VALUES, MAX_BYTES, size);
  #generation = 0;

  /** Which cluster the values are of: another number after each `clear`. */
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

  /** What is known to be settled for `register`. */
  get(register: RegisterId): Present | undefined {
    return this.#values.use(register);
  }

  /** Forgets all: the cluster that agreed on it is gone. */
  clear(): void {
    this.#values.clear();
    this.#generation++;
  }
}

function size(register: RegisterId, state: Present): number {
  return register.length + state.value.length;
}
