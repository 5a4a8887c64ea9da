import type { Life } from "../../paxos/ballot.ts";
import { Tally } from "../../paxos/quorum.ts";
import type { Engine } from "../engine/engine.ts";

/** A life that is watched. */
interface WatchedLife {
  /** How often it was added, and not removed since. */
  users: number;
  /** The members that told of a proof, the first of them at `since`. */
  told: Tally<true>;
  since: number;
}

/**
 * Has the members tell when lives of other nodes are proved to be over. A hint, which saves the wait for the end of a
 * session: it may be lost, and is renewed by each `ask`.
 */
export class LifeWatch {
  readonly #engine: Engine;
  readonly #over: (life: Life) => void;
  readonly #watched = new Map<Life, WatchedLife>();
  /** The number of the question, while lives are watched. */
  #question: number | undefined;

  /** `over` is called when a quorum has said that a watched life is over. */
  constructor(engine: Engine, over: (life: Life) => void) {
    this.#engine = engine;
    this.#over = over;
    engine.attempts.bind(() => this.#follow());
  }

  /** Watches `life`, until it is removed as often as it was added. */
  add(life: Life): void {
    const watched = this.#watched.get(life);
    if (watched !== undefined) return void watched.users++;
    const told = new Tally<true>(this.#engine.members);
    this.#watched.set(life, { users: 1, told, since: -Infinity });
  }

  /** Ends one watch of `life`. */
  remove(life: Life): void {
    const watched = this.#watched.get(life);
    if (watched === undefined || --watched.users > 0) return;
    this.#watched.delete(life);
    if (this.#watched.size > 0 || this.#question === undefined) return;
    this.#engine.pendingReplies.close(this.#question);
    this.#question = undefined;
  }

  /** Asks the members to tell of `life`, which is watched. */
  ask(life: Life): void {
    const { pendingReplies } = this.#engine;
    this.#question ??= pendingReplies.open((from, header, reply) => {
      const sender = this.#engine.sender(from, header);
      if (sender === undefined || reply.type !== "over") return;
      const watched = this.#watched.get(reply.life);
      if (watched === undefined) return;
      const { runtime, record } = this.#engine;
      const now = runtime.now();
      // A member keeps a proof for `maxTtl`: what it told longer ago does not count with what another one tells now.
      if (now - watched.since >= (record?.maxTtl ?? 0)) this.#forget(watched, now);
      if (!watched.told.add(sender, true)) return;
      // Proofs that are told later are counted again.
      this.#forget(watched, now);
      this.#over(reply.life);
    });
    const { members } = this.#engine;
    this.#engine.ask(members, { id: this.#question, type: "watchLife", life });
  }

  #forget(watched: WatchedLife, now: number): void {
    watched.told = new Tally(this.#engine.members);
    watched.since = now;
  }

  /** Asks the members again: they have changed. */
  #follow(): void {
    const now = this.#engine.runtime.now();
    for (const watched of this.#watched.values()) this.#forget(watched, now);
    if (this.#question === undefined) return;
    this.#engine.pendingReplies.close(this.#question);
    this.#question = undefined;
    for (const life of this.#watched.keys()) this.ask(life);
  }
}
