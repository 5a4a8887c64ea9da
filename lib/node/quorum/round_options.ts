import type { Ballot, LamportClock, Life } from "../../paxos/ballot.ts";
import type { CurrentState, Decision } from "../../paxos/change.ts";
import type { ProposerOptions } from "../../paxos/proposer.ts";
import type { RegisterId } from "../../paxos/register.ts";
import type { Engine } from "../engine/engine.ts";
import type { ChangeQueue } from "./change_queue.ts";
import { combine, type CombinedResult } from "./combine.ts";
import { growthOf, usesReserve, USUAL_GROWTH, type WaitingChange } from "./waiting_change.ts";

/** What the proposer of the changes of one register needs to know of them, and tells them. */
export class RoundOptions implements ProposerOptions<CombinedResult> {
  readonly register: RegisterId;
  readonly #node: Pick<Engine, "members" | "clock" | "life">;
  readonly #queue: ChangeQueue;

  constructor(
    register: RegisterId,
    node: Pick<Engine, "members" | "clock" | "life">,
    queue: ChangeQueue,
  ) {
    this.register = register;
    this.#node = node;
    this.#queue = queue;
  }

  get members(): readonly string[] {
    return this.#node.members;
  }

  get clock(): LamportClock {
    return this.#node.clock;
  }

  get life(): Life {
    return this.#node.life;
  }

  change(current: CurrentState): Decision<CombinedResult> {
    return combine(this.#queue.join(), current);
  }

  /**
   * A change whose new state was sent once writes in every later attempt. One that joined may be later than what
   * the promises report: only a write shows that nothing was chosen in between.
   */
  mustWrite(): boolean {
    return this.#round.some((part) => part.options.mustWrite === true || part.wrote || part.joined);
  }

  writing(ballot: Ballot): void {
    for (const part of this.#round) {
      if (!part.writes || part.operation.ended) continue;
      part.wrote = true;
      part.options.writing?.(ballot);
    }
  }

  keepPromise(): boolean {
    return this.#round.some((part) => part.options.keepPromise === true);
  }

  sweep(): boolean {
    return this.#round.every((part) => part.options.sweep === true);
  }

  /** A change that may use the reserve must not fail because of the other changes of its round. */
  reserve(): boolean {
    return this.#round.some(usesReserve);
  }

  grows(): number {
    return growthOf(this.#round);
  }

  spare(): number {
    return this.#round.every(({ options }) => options.takesOver === true) ? USUAL_GROWTH : 0;
  }

  get #round(): readonly WaitingChange[] {
    return this.#queue.round;
  }
}
