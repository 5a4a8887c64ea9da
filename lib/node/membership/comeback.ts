import { readConfiguration } from "../../codec.ts";
import { type Life, lifeAfter } from "../../paxos/ballot.ts";
import type { Outgoing } from "../../paxos/genesis.ts";
import type { KnownIncarnations } from "../../paxos/incarnations.ts";
import type { GenesisRecord, Header, Reply } from "../../paxos/messages.ts";
import { type Recovered, Recovery, type RecoveryEvent } from "../../paxos/recovery.ts";
import { Turns } from "../../paxos/turns.ts";
import { Voter } from "../../paxos/voter.ts";
import type { Engine } from "../engine/engine.ts";
import type { Founding } from "./founding.ts";
import type { MembershipEvents } from "./membership_events.ts";
import type { StorageUse } from "./storage_use.ts";

/**
 * Time without an answer that takes it further after which a copy counts as stuck, in milliseconds; four of the longest
 * sessions if these are longer.
 */
const STUCK_AFTER = 30_000;

/** What a node that comes back works with. */
export interface ComebackParts {
  readonly engine: Engine;
  readonly events: MembershipEvents;
  readonly founding: Founding;
  readonly storage: StorageUse;
  /** Sends questions. */
  readonly send: (ask: readonly Outgoing[]) => void;
  /** Goes on once the disk has done its part. */
  readonly store: (stored: Promise<void>, next: () => void) => void;
  /** In its present life it has another place than it took. */
  readonly catchUp: () => void;
  /** Has this memory on its disk, if it has one, and then votes with it. */
  readonly remember: (record: GenesisRecord, voter: Voter, vote: () => void) => void;
  /** Votes with this memory. */
  readonly vote: (voter: Voter, known: KnownIncarnations) => void;
}

/**
 * How this node gets a memory: as a member that has lost it, or as a node that joins. There is one recovery at a time,
 * under the newest configuration.
 */
export class Comeback {
  readonly #parts: ComebackParts;
  /** The members that come back at the same time. */
  readonly turns: Turns;
  #recovery: Recovery | null = null;
  /** When it last came further. */
  #progressAt = -Infinity;

  /** Nothing is copied before `begin`. */
  constructor(parts: ComebackParts) {
    this.#parts = parts;
    this.turns = new Turns(parts.engine);
  }

  /** Whether it is under way. */
  get isUnderWay(): boolean {
    return this.#recovery !== null;
  }

  /** Whether it waits for its turn. */
  get isWaiting(): boolean {
    return this.#recovery?.isWaiting === true;
  }

  /** Whether it has not begun, or has not come further for too long to be waited for. */
  get isStuck(): boolean {
    const { runtime, record } = this.#parts.engine;
    const longest = Math.max(STUCK_AFTER, 4 * (record?.maxTtl ?? 0));
    return runtime.now() - this.#progressAt >= longest;
  }

  /** Begins, and asks at once. */
  recover(): void {
    this.begin();
    this.ask();
  }

  /** Begins, or begins again, under the present configuration and in the present life. */
  begin(): void {
    const { self, configuration, life, record, pendingReplies, runtime } = this.#parts.engine;
    const { id: genesis, maxTtl } = record!;
    const { tracing } = this.#parts.engine;
    tracing.emit?.({ type: "recovery.began", epoch: configuration.epoch });
    const hasCome = this.turns.wait(maxTtl);
    this.#progressAt = runtime.now();
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

  /** Asks what is to be asked now. */
  ask(): void {
    this.#parts.send(this.#recovery?.tick() ?? []);
  }

  /** Takes an answer. */
  receive(from: string, header: Header, reply: Reply): void {
    if (this.#recovery === null) return;
    const { ask, event } = this.#recovery.receive(from, header, reply);
    if (ask.length > 0 || event !== undefined) this.#progressAt = this.#parts.engine.runtime.now();
    this.#parts.send(ask);
    this.#act(event);
  }

  #act(event: RecoveryEvent | undefined): void {
    switch (event?.type) {
      case "changeLife":
        return this.#takeLife(event.life);
      case "replaced":
        return this.#parts.events.replaced();
      case "uncovered":
        return this.#parts.storage.disk?.start?.cannotRecover();
      case "recovered":
        this.#remember(event.memory);
    }
  }

  /** Its recovery needs a later life. */
  #takeLife(life: Life): void {
    const { engine, founding, storage, store, catchUp } = this.#parts;
    const take = () => {
      engine.changeLife(life);
      founding.changeLife(life);
      // In another life it is not the node that was let in.
      if (engine.place?.standing === "outside") return catchUp();
      storage.disk?.start?.changeLife(life);
      this.ask();
    };
    // What is on the disk counts as the memory of that life before it is announced.
    if (storage.isUndecided) store(storage.disk!.writeLife(life), take);
    else take();
  }

  #remember(memory: Recovered): void {
    const { engine, founding, storage, remember } = this.#parts;
    const { settings, runtime, incarnations } = engine;
    const record = engine.record!;
    const clockError = () => runtime.clockError();
    const voter = Voter.recovered(record, memory, settings, runtime.now(), clockError);
    this.end();
    const { size: registers } = voter.acceptor;
    engine.tracing.emit?.({ type: "recovery.ended", registers });
    if (storage.disk !== null) incarnations.raiseAll(memory.known);
    remember(record, voter, () => {
      if (founding.state === "blank") founding.remembered(record);
      this.#parts.vote(voter, memory.known);
    });
  }
}
