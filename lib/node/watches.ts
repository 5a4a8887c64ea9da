import { type Learned, Learner } from "../paxos/learner.ts";
import type { RegisterId, State } from "../paxos/register.ts";
import type { Engine } from "./engine.ts";

/** Called with each chosen state that is news. */
export type Listener = (learned: Learned) => void;

/** Acceptors forget who does not ask again within half a minute. */
const LONGEST_RENEWAL = 10_000;

/** What a watched register is re-read for: what ended is sealed even if nobody asks. */
export type Reread = (register: RegisterId) => void;

/**
 * Follows registers: learns what is chosen from what the acceptors push, and has it read once per
 * time to live, since a push may be lost.
 */
export class Watches {
  readonly #engine: Engine;
  readonly #reread: Reread;
  readonly #watched = new Map<RegisterId, Watched>();

  /** `reread` reads a register as a `get` would, and hands what it finds to `note`. */
  constructor(engine: Engine, reread: Reread) {
    this.#engine = engine;
    this.#reread = reread;
  }

  /** Calls `listener` with what is chosen from now on; returns what stops it. */
  watch(register: RegisterId, listener: Listener): () => void {
    let watched = this.#watched.get(register);
    if (watched === undefined) {
      watched = new Watched(register, this.#engine, this.#reread);
      this.#watched.set(register, watched);
      watched.start();
    } else {
      watched.greet(listener);
    }
    watched.listeners.add(listener);
    return () => {
      if (!watched.listeners.delete(listener) || watched.listeners.size > 0) return;
      if (this.#watched.get(register) === watched) this.#watched.delete(register);
      watched.stop();
    };
  }

  /** Takes note of what is known to be chosen from elsewhere. */
  note(register: RegisterId, learned: Learned): void {
    this.#watched.get(register)?.note(learned);
  }

  /** The cluster lives under another genesis: what was learned says nothing about it. */
  restart(): void {
    for (const watched of this.#watched.values()) {
      watched.stop();
      watched.start();
    }
  }

  /** Stops all. */
  close(): void {
    for (const watched of this.#watched.values()) watched.stop();
    this.#watched.clear();
  }
}

class Watched {
  readonly listeners = new Set<Listener>();
  /** Those who came later, and have been told nothing yet. */
  readonly #newcomers = new Set<Listener>();
  #last: Learned | undefined;
  readonly #register: RegisterId;
  readonly #engine: Engine;
  readonly #reread: Reread;
  #learner: Learner;
  #question: number | undefined;
  #cancelTimer: () => void = () => {};
  #cancelUntil: () => void = () => {};

  constructor(register: RegisterId, engine: Engine, reread: Reread) {
    this.#register = register;
    this.#engine = engine;
    this.#reread = reread;
    this.#learner = new Learner(engine.members);
  }

  start(): void {
    this.#learner = new Learner(this.#engine.members);
    this.#last = undefined;
    this.#question = this.#engine.calls.open((from, header, reply) => {
      const sender = this.#engine.sender(from, header);
      if (sender === undefined || reply.type !== "learned") return;
      if (reply.register !== this.#register) return;
      const learned = this.#learner.receive(sender, reply.ballot, reply.state);
      if (learned !== undefined) this.#tell(learned);
    });
    this.#renew();
  }

  stop(): void {
    this.#cancelTimer();
    this.#cancelUntil();
    if (this.#question === undefined) return;
    this.#engine.calls.close(this.#question);
    this.#engine.ask(this.#engine.members, {
      id: this.#question,
      type: "unwatch",
      register: this.#register,
    });
    this.#question = undefined;
  }

  /** Has the register read again, so that a newcomer is told what it has now. */
  greet(listener: Listener): void {
    this.#newcomers.add(listener);
    this.#reread(this.#register);
  }

  note(learned: Learned): void {
    if (this.#learner.learn(learned.ballot)) return this.#tell(learned);
    for (const listener of this.#newcomers) {
      if (this.listeners.has(listener)) listener(this.#last ?? learned);
    }
    this.#newcomers.clear();
  }

  #renew(): void {
    const { engine, register } = { engine: this.#engine, register: this.#register };
    engine.ask(engine.members, { id: this.#question!, type: "watch", register });
    this.#reread(register);
    const again = Math.min(LONGEST_RENEWAL, engine.settings.sessionTtl);
    this.#cancelTimer();
    this.#cancelTimer = engine.runtime.setTimer(() => this.#renew(), again);
  }

  #tell(learned: Learned): void {
    this.#last = learned;
    this.#newcomers.clear();
    this.#rereadAtItsEnd(learned.state);
    for (const listener of [...this.listeners]) listener(learned);
  }

  /** What lasts until a time is read again then, so that it is sealed. */
  #rereadAtItsEnd(state: State | null): void {
    this.#cancelUntil();
    if (!state?.present) return;
    const times = state.bindings.map((one) => one.kind === "until" ? one.time : Infinity);
    const left = Math.min(...times) - this.#engine.runtime.wallNow();
    if (left === Infinity) return;
    const reread = () => this.#reread(this.#register);
    this.#cancelUntil = this.#engine.runtime.setTimer(reread, Math.max(1, left));
  }
}
