import { type Configuration, votersOf } from "./configuration.ts";
import { majority } from "./quorum.ts";

/** Which genesis each node has told of last, in answer to a node that has no memory. */
export class ToldRecords {
  readonly #told = new Map<string, string>();

  /** A node has told of the genesis `id`. */
  tells(node: string, id: string): void {
    this.#told.set(node, id);
  }

  /** A node knows of none. */
  isBlank(node: string): void {
    this.#told.delete(node);
  }

  /** Whether a majority of the other members of a configuration of the genesis `id` tells of another one. */
  isLeft(configuration: Configuration, self: string, id: string): boolean {
    const others = votersOf(configuration).filter((member) => member !== self);
    const gone = others.filter((member) => (this.#told.get(member) ?? id) !== id);
    return gone.length >= Math.min(majority(others.length), others.length);
  }
}
