import { readConfiguration } from "../../codec.ts";
import { type Life, lifeAfter } from "../../paxos/ballot.ts";
import type { Outgoing } from "../../paxos/genesis.ts";
import type { Header, Reply } from "../../paxos/messages.ts";
import { type Recovered, Recovery } from "../../paxos/recovery.ts";
import { Turns } from "../../paxos/turns.ts";
import type { Engine } from "../engine/engine.ts";

/** What follows from an answer: what to ask next, and an event. */
export interface ComebackStep {
  readonly ask: readonly Outgoing[];
  readonly event?:
    | { readonly type: "changeLife"; readonly life: Life }
    | { readonly type: "replaced" }
    | { readonly type: "recovered"; readonly memory: Recovered };
}

/**
 * How this node gets a memory: as a member that has lost it, or as a node that joins. There is one recovery at a time,
 * under the newest configuration.
 */
export class Comeback {
  readonly #engine: Engine;
  /** The members that come back at the same time. */
  readonly turns: Turns;
  #recovery: Recovery | null = null;

  /** Nothing is copied before `begin`. */
  constructor(engine: Engine) {
    this.#engine = engine;
    this.turns = new Turns(engine);
  }

  /** Whether it is under way. */
  get isUnderWay(): boolean {
    return this.#recovery !== null;
  }

  /** Whether it waits for its turn. */
  get isWaiting(): boolean {
    return this.#recovery?.isWaiting === true;
  }

  /** Begins, or begins again, under the present configuration and in the present life. */
  begin(): void {
    const { self, configuration, life, record, pendingReplies, runtime } = this.#engine;
    const { id: genesis, maxTtl } = record!;
    const hasCome = this.turns.wait(maxTtl);
    this.#recovery = new Recovery({
      ...{ self, configuration, life, genesis, readConfiguration },
      nextId: () => pendingReplies.next(),
      lifeAfter: (life) => lifeAfter(life, () => runtime.random()),
      isItsTurn: () => hasCome(runtime.now()),
    });
  }

  /** Drops what was copied so far. */
  end(): void {
    this.#recovery = null;
  }

  /** Begins again with new numbers: every answer so far may be outdated. */
  restart(): void {
    this.#recovery?.restart();
  }

  /** What to ask now. */
  tick(): Outgoing[] {
    return this.#recovery?.tick() ?? [];
  }

  /** Takes an answer. */
  receive(from: string, header: Header, reply: Reply): ComebackStep {
    return this.#recovery?.receive(from, header, reply) ?? { ask: [] };
  }
}
