import { type Configuration, votersOf } from "./configuration.ts";
import { majority } from "./quorum.ts";

/** Which nodes live under a genesis that the node that asks them has no place in. */
export class ToldRecords {
  readonly #told = new Map<string, string>();

  /** A node has told of the genesis `id`, in which this one has no place; `null`: of none such. */
  tells(node: string, id: string | null): void {
    if (id === null) this.#told.delete(node);
    else this.#told.set(node, id);
  }

  /** Whether a majority of the other members of a configuration of the genesis `id` tells of another one. */
  isLeft(configuration: Configuration, self: string, id: string): boolean {
    const others = votersOf(configuration).filter((member) => member !== self);
    const gone = others.filter((member) => (this.#told.get(member) ?? id) !== id);
    return gone.length >= Math.min(majority(others.length), others.length);
  }
}
