import type { Ballot } from "../../paxos/ballot.ts";
import { type Learned, Learner } from "../../paxos/learner.ts";
import type { RegisterId, State } from "../../paxos/register.ts";
import type { Engine } from "../engine/engine.ts";

/** Called with each chosen state that is newer than the last one. */
export type Listener = (learned: Learned) => void;

/**
 * Longest time between two `watch` requests, in milliseconds: acceptors forget a watcher after half a minute.
 */
export const LONGEST_RENEWAL = 10_000;

/**
 * Waits in milliseconds before each look whether a member that has restarted votes again; a restart usually takes a
 * few round trips.
 */
const LOOKS = [50, 100, 200, 400, 800, 1_600];

/** Reads a register as a `get` does: values that have ended are sealed. */
export type Reread = (register: RegisterId) => Promise<Learned>;

/** What watches need of other parts of the node. */
export interface WatchesEvents {
  /** Called once per time to live, and whenever a new watcher needs the present state. */
  readonly reread: Reread;
  /** Called when a member has promised `ballot` to another node, in place of what was handed on to this one. */
  readonly lost: (register: RegisterId, ballot: Ballot) => void;
}

/**
 * Follows registers: learns what is chosen from the pushes of the acceptors, and has each register read once
 * per time to live, since a push may be lost. A member that restarts has forgotten who watches, and is asked again.
 */
export class Watches {
  readonly #engine: Engine;
  readonly #events: WatchesEvents;
  readonly #watched = new Map<RegisterId, WatchedRegister>();
  #cancelLook: () => void = () => {};

  /** Watches nothing yet. */
  constructor(engine: Engine, events: WatchesEvents) {
    this.#engine = engine;
    this.#events = events;
    engine.attempts.bind(() => {
      for (const watched of this.#watched.values()) watched.follow();
    });
  }

  /**
   * Calls `listener` with what is chosen from now on; returns the function that stops it. `unread`: for how long the
   * register is not to be read if the watch of it begins with this call, in milliseconds; 0 unless given.
   */
  watch(register: RegisterId, listener: Listener, unread?: number): () => void {
    let watched = this.#watched.get(register);
    if (watched === undefined) {
      watched = new WatchedRegister(register, this.#engine, this.#events);
      this.#watched.set(register, watched);
      watched.start(unread);
    } else {
      watched.addNewcomer(listener);
    }
    watched.listeners.add(listener);
    return () => {
      watched.newcomers.delete(listener);
      if (!watched.listeners.delete(listener) || watched.listeners.size > 0) return;
      if (this.#watched.get(register) === watched) this.#watched.delete(register);
      watched.stop();
    };
  }

  /** Learns a chosen state from another source. */
  note(register: RegisterId, learned: Learned): void {
    this.#watched.get(register)?.note(learned);
  }

  /** A member votes that has forgotten who watches. */
  memberVotes(member: string): void {
    this.#cancelLook();
    for (const watched of this.#watched.values()) watched.renew([member]);
  }

  /** A member has restarted: looks whether it votes, for its frames say so, until it does. */
  memberRestarted(): void {
    this.#look(0);
  }

  /** The cluster lives under another genesis: states learned before say nothing about it. */
  restart(): void {
    for (const watched of this.#watched.values()) {
      watched.stop();
      watched.start();
    }
  }

  /** Stops all watches. */
  close(): void {
    this.#cancelLook();
    for (const watched of this.#watched.values()) watched.stop();
    this.#watched.clear();
  }

  #look(tries: number): void {
    this.#cancelLook();
    if (tries >= LOOKS.length || this.#watched.size === 0) return;
    this.#cancelLook = this.#engine.runtime.setTimer(() => {
      for (const watched of this.#watched.values()) {
        // A read asks all members; one is enough.
        watched.read();
        return this.#look(tries + 1);
      }
    }, LOOKS[tries]);
  }
}

class WatchedRegister {
  readonly listeners = new Set<Listener>();
  /**
   * Listeners that were added later and have been told nothing yet. A state that was learned or requested
   * before they came may be older than what they have seen, so they wait for the read that is made for them.
   */
  readonly newcomers: Set<Listener> = new Set<Listener>();
  #last: Learned | undefined;
  readonly #register: RegisterId;
  readonly #engine: Engine;
  readonly #events: WatchesEvents;
  #learner: Learner;
  #requestId: number | undefined;
  #cancelTimer: () => void = () => {};
  #cancelUntil: () => void = () => {};

  constructor(register: RegisterId, engine: Engine, events: WatchesEvents) {
    this.#register = register;
    this.#engine = engine;
    this.#events = events;
    this.#learner = this.#newLearner();
  }

  start(unread?: number): void {
    this.#last = undefined;
    this.follow(unread);
  }

  /** Learns from the present members, and goes on from what it knows. */
  follow(unread?: number): void {
    this.#learner = this.#newLearner();
    if (this.#last !== undefined) {
      this.#learner.learn(this.#last.ballot);
      // The members of the next epoch have not given the promise that was handed on with it.
      this.#last = { ...this.#last, heir: undefined };
    }
    if (this.#requestId !== undefined) this.#engine.pendingReplies.close(this.#requestId);
    this.#requestId = this.#engine.pendingReplies.open((from, header, reply) => {
      const sender = this.#engine.sender(from, header);
      if (sender === undefined) return;
      if (reply.type === "nack") return this.#events.lost(this.#register, reply.promised);
      if (reply.type !== "learned") return;
      if (reply.register !== this.#register) return;
      const { ballot, state, fast, heir } = reply;
      const learned = this.#learner.receive(sender, ballot, state, fast, heir);
      if (learned !== undefined) this.#tell(learned);
    });
    this.renew(this.#engine.members, unread);
  }

  #newLearner(): Learner {
    const engine = this.#engine;
    return new Learner(engine.members, () => engine.configuration.settled);
  }

  stop(): void {
    this.#cancelTimer();
    this.#cancelUntil();
    if (this.#requestId === undefined) return;
    this.#engine.pendingReplies.close(this.#requestId);
    this.#engine.ask(this.#engine.members, {
      id: this.#requestId,
      type: "unwatch",
      register: this.#register,
    });
    this.#requestId = undefined;
  }

  /** Has the register read again, so that a newcomer is told what it has now. */
  addNewcomer(listener: Listener): void {
    this.newcomers.add(listener);
    this.read();
  }

  note(learned: Learned): void {
    if (this.#learner.learn(learned.ballot)) this.#tell(learned);
  }

  /** Reads the register, for this watch and for all newcomers present now. */
  read(): void {
    const question = this.#requestId;
    const newcomers = [...this.newcomers];
    const found = (learned: Learned) => {
      // The watch is over, or the cluster is another one.
      if (this.#requestId !== question) return;
      this.note(learned);
      for (const listener of newcomers) {
        if (this.newcomers.delete(listener)) this.#call(listener, this.#last ?? learned);
      }
    };
    // A failure is harmless: the register is read again soon.
    this.#events.reread(this.#register).then(found, () => {});
  }

  /** Has these members watch it again, and reads what may have been missed: now, or after `unread` milliseconds. */
  renew(members: readonly string[] = this.#engine.members, unread = 0): void {
    const { engine, register } = { engine: this.#engine, register: this.#register };
    engine.ask(members, { id: this.#requestId!, type: "watch", register });
    if (unread === 0) this.read();
    if (members !== engine.members) return;
    const again = unread || Math.min(LONGEST_RENEWAL, engine.settings.sessionTtl);
    this.#cancelTimer();
    this.#cancelTimer = engine.runtime.setTimer(() => this.renew(), again);
  }

  #tell(learned: Learned): void {
    this.#last = learned;
    this.#rereadAtItsEnd(learned.state);
    for (const listener of [...this.listeners]) {
      if (!this.newcomers.has(listener)) this.#call(listener, learned);
    }
  }

  /** What fails in one listener, for example because no node wrote what it is told, must not reach the others. */
  #call(listener: Listener, learned: Learned): void {
    this.#engine.guard(() => listener(learned));
  }

  /** A state that is bound to a time is read again at that time, so that it is sealed. */
  #rereadAtItsEnd(state: State | null): void {
    this.#cancelUntil();
    if (!state?.present) return;
    const times = state.bindings.map((one) => one.kind === "until" ? one.time : Infinity);
    const left = Math.min(...times) - this.#engine.runtime.wallNow();
    if (left === Infinity) return;
    this.#cancelUntil = this.#engine.runtime.setTimer(() => this.read(), Math.max(1, left));
  }
}
