import type { Core } from "../node/core.ts";
import { EndedSessions } from "../owners/ended_sessions.ts";
import { SessionMonitor } from "../owners/session_monitor.ts";
import { parseSession } from "../paxos/sessions.ts";
import type { Process } from "../processes/process.ts";
import { decodeQuestion, type Question } from "./bodies.ts";
import { Calling } from "./calling.ts";
import { Calls } from "./calls.ts";
import { Finder } from "./finder.ts";
import { Host, type StartFailed } from "./host.ts";
import { Keeper } from "./keeper.ts";
import { Outbound } from "./outbound.ts";
import { Places } from "./places.ts";
import type { AnySpec } from "./spec.ts";

/** What singletons need of their node. */
export interface SingletonParts {
  readonly core: Core;
  /** The specs that this node can run. */
  readonly specs: readonly AnySpec[];
  /** Default time limit of a call, in milliseconds. */
  readonly callTimeout: number;
  readonly spawn: () => Process<unknown>;
  /** A start has failed and no call waits for it. */
  readonly startFailed: (failed: StartFailed) => void;
  readonly failed: (error: unknown) => void;
}

/** The singletons of the cluster: calls them, and runs those that this node can host. */
export class Singletons {
  readonly #core: Core;
  readonly #monitor: SessionMonitor;
  readonly #host: Host;
  readonly #places: Places;
  readonly #keeper: Keeper;

  /** Connects the parts for `core`'s node. */
  constructor({ core, specs, callTimeout, spawn, startFailed, failed }: SingletonParts) {
    this.#core = core;
    const ended = new EndedSessions();
    const monitor = this.#monitor = new SessionMonitor(core);
    const outbound = new Outbound(core, monitor);
    const places = this.#places = new Places(monitor);
    const finder = new Finder({
      ...{ core, specs, ended, outbound },
      found: ({ register, spec, args }, place) => {
        places.set(register, place);
        this.#keeper.note(register, spec, args);
      },
    });
    this.#keeper = new Keeper({ core, specs, finder });
    const calls = new Calls({ shell: core, finder, outbound, places });
    this.calling = new Calling({
      ...{ shell: core, calls, callTimeout },
      finder: {
        find: (target, limits) => finder.find(target, { limits, start: false }),
        insist: (target, chain, isWanted) => finder.insist(target, chain, isWanted),
      },
    });
    this.#host = new Host({
      ...{ core, specs, ended, spawn, startFailed, failed },
      began: (register, spec, args) => this.#keeper.note(register, spec, args),
      left: (register, spec, args) => {
        const isLeaving = core.closed !== undefined;
        this.#keeper.passOn(register, spec, args, isLeaving ? core.engine.self : undefined);
      },
      calling: {
        name: (key, spec, args, chain) => this.calling.name(key, spec, args, chain),
        call: (target, method, args, options, chain) =>
          this.calling.call(target, method, args, options, chain),
      },
    });
  }

  /** The number of instances that run on this node. */
  get size(): number {
    return this.#host.size;
  }

  /** The number of callers' lives that the host remembers. */
  get callers(): number {
    return this.#host.callers;
  }

  /** The calls of this node's users. */
  readonly calling: Calling;

  /** Takes a question of another node. */
  asked(from: string, life: string, body: Uint8Array, tell: (body: Uint8Array) => void): void {
    let question: Question;
    try {
      question = decodeQuestion(body);
    } catch {
      // The question is of no kind that this version knows.
      return;
    }
    if (question.type !== "gone") return this.#host.receive(from, life, question, tell);
    if (parseSession(question.session).node === from) this.#places.gone(question.session);
  }

  /** Starts the checks for instances that have to be kept running. */
  start(): void {
    this.#keeper.start();
  }

  /** Stops when the node closes, and tells callers that nothing runs here any more. */
  stop(): void {
    this.#keeper.stop();
    this.#monitor.close();
    this.#host.sayGone(this.#core.session.current);
  }

  /** The cluster has restarted with empty registers: forgets all places, and starts kept instances again. */
  restart(): void {
    this.#places.clear();
    this.#keeper.restart();
  }
}
