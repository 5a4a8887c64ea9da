import type { Life } from "../../paxos/ballot.ts";
import { Tally } from "../../paxos/quorum.ts";
import type { Engine } from "../engine/engine.ts";
import type { Limits } from "../runtime/operation.ts";
import type { Pacing } from "../runtime/pacing.ts";
import { poll } from "./poll.ts";

/** A proof that is being given. */
class Proof {
  readonly #engine: Engine;
  readonly #life: Life;
  /** Whether a frame of that life has arrived since the proof. */
  contradicted = false;

  constructor(engine: Engine, life: Life) {
    this.#engine = engine;
    this.#life = life;
  }

  /** Resolves once a quorum has it. */
  async give(pacing: Pacing, limits: Limits): Promise<void> {
    const life = this.#life;
    const wanted = (members: readonly string[]) => this.contradicted ? [] : members;
    await poll<true>(this.#engine, pacing, limits, (members) => {
      const tally = new Tally<true>(members);
      return {
        request: { type: "over", life },
        // Read when the question is sent, which may be later than now.
        get members() {
          return wanted(members);
        },
        receive: (sender, reply) => {
          if (reply.type !== "over" || reply.life !== life) return undefined;
          return tally.add(sender, true) || undefined;
        },
        missing: () => wanted(tally.missing()),
      };
    });
  }
}

/**
 * Gives the members proofs that the processes of other lives run no more (section 6). All that these lives own
 * is free once a quorum has a proof.
 */
export class Proofs {
  readonly #engine: Engine;
  readonly #pacing: Pacing;
  readonly #underWay = new Map<Life, { readonly proof: Proof; readonly given: Promise<void> }>();

  /** Gives proofs in the name of `engine`'s node. */
  constructor(engine: Engine, pacing: Pacing) {
    this.#engine = engine;
    this.#pacing = pacing;
  }

  /** To be called with the life of the sender of each frame: from then on an earlier proof is not given. */
  heard(life: Life): void {
    if (this.#underWay.size === 0) return;
    const underWay = this.#underWay.get(life);
    if (underWay !== undefined) underWay.proof.contradicted = true;
  }

  /**
   * Tells all members, and at least a quorum, that the process of `life` runs no more; to be called at the
   * moment of the proof. Rejects with `no_quorum` at the deadline, and with a `TypeError` for this node's own
   * life.
   */
  give(life: Life, limits: Limits): Promise<void> {
    const engine = this.#engine;
    if (life === engine.life) throw new TypeError(`${life} is the life of this node itself`);
    const before = this.#underWay.get(life);
    if (before !== undefined && !before.proof.contradicted) return before.given;
    const proof = new Proof(engine, life);
    const given = proof.give(this.#pacing, limits);
    this.#underWay.set(life, { proof, given });
    const over = () => {
      if (this.#underWay.get(life)?.proof === proof) this.#underWay.delete(life);
    };
    given.then(over, over);
    return given;
  }
}
