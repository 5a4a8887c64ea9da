import type { Pid } from "../../mod.ts";
import type { Book, PendingPut } from "./book.ts";
import type { Station } from "./process_cluster.ts";
import type { Bind, Order } from "./orders.ts";
import type { Progress } from "./progress.ts";
import { Gone, type Outcome, type Remote } from "./remote.ts";

/** Errors that an operation may end with when the network or its node fails. */
const EXPECTED = new Set([
  "no_quorum",
  "session_lost",
  "outcome_unknown",
  "exited",
  "TimeoutError",
]);

/** Operations that complete when a quorum answers, and do not wait for other nodes. */
const KV = new Set(["put", "claim", "get", "token", "node"]);

/** An answer of `kv`. */
interface KvAnswer {
  readonly ok: boolean;
  readonly value?: string | number;
  readonly token?: number;
  readonly mine?: boolean;
  readonly error?: "not_found" | "no_quorum" | "invalid_value";
  /** The process that a put is bound to. */
  readonly pid?: Pid;
}

/** A state of `watch`. */
type Watched = { readonly present: true; readonly value: string; readonly token: number } | {
  readonly present: false;
};

/** How to add one to the value of a resource. */
export interface AddOptions {
  /** Whether to take a shared lock and only read. Default: `false`. */
  readonly shared?: boolean;
  readonly ifAvailable?: boolean;
  /** How long to hold the lock, and how long to wait for it, in milliseconds. */
  readonly work?: number;
  readonly timeout?: number;
  /** Whether to check `held` before writing. Default: `true`. */
  readonly careful?: boolean;
}

/**
 * The operations of a node. Each one records its call and its outcome, and resolves to a word for the
 * outcome: `"gone"` if its process ended.
 */
export class Operations {
  /** Number of operations by kind and outcome. */
  readonly counts: Record<string, Record<string, number>> = {};
  readonly #book: Book;
  readonly #progress: Progress;
  readonly #report: (violation: string) => void;
  readonly #pending = new Set<{ readonly label: string }>();
  /** By node, the last process to which a value was bound. */
  readonly #pids = new Map<string, Pid>();
  #numbers = 0;

  constructor(book: Book, progress: Progress, report: (violation: string) => void) {
    this.#book = book;
    this.#progress = progress;
    this.#report = report;
  }

  /** Operations that are under way. */
  get pending(): string[] {
    return [...this.#pending].map(({ label }) => label);
  }

  /** A process of the node `id`, which may have ended. */
  pidOf(id: string): Pid | undefined {
    return this.#pids.get(id);
  }

  /** Puts a new value on `key`. */
  async put(station: Station, kind: "put" | "claim", key: string, bind: Bind): Promise<string> {
    const value = `${station.id}.${++this.#numbers}`;
    const label = `${station.id} ${kind}s ${key} = ${value} (${JSON.stringify(bind)})`;
    const bound = bind.to !== "nothing";
    const node = nodeOf(bind, station.id);
    let put: PendingPut;
    const begin = () => put = this.#book.put(key, label, { value, bound, node });
    return await this.#run(
      station,
      kind,
      label,
      { do: kind, key, value, bind },
      begin,
      (stamps) => {
        const answer = stamps.outcome.value as KvAnswer;
        if (answer.ok) {
          put.agreed(stamps, { value: answer.value as string, token: answer.token });
          if (kind === "claim" && answer.mine !== (answer.value === value)) {
            this.#report(`${label}: mine is ${answer.mine}, the value ${answer.value}`);
          }
        } else if (answer.error === "invalid_value") {
          if (!bound) this.#report(`${label}: an unbound string cannot be an invalid value`);
          put.refused();
        }
        return answer.ok ? "ok" : answer.error!;
      },
    );
  }

  /** Reads `key`; `saw` is called with the value. */
  async read(
    station: Station,
    kind: "get" | "token" | "node",
    key: string,
    saw?: (value: unknown) => void,
  ): Promise<string> {
    const label = `${station.id} ${kind} ${key}`;
    return await this.#run(station, kind, label, { do: kind, key }, () => {}, (stamps) => {
      const { ok, value, error } = stamps.outcome.value as KvAnswer;
      const note = (saw: Parameters<Book["read"]>[3]) => this.#book.read(key, label, stamps, saw);
      if (ok) saw?.(value);
      if (error === "not_found") note(kind === "node" ? { node: null } : { present: false });
      else if (kind === "get" && ok) note({ present: true, value: value as string });
      else if (kind === "token" && ok) note({ present: true, token: value as number });
      else if (kind === "node" && ok) note({ present: true, node: value as string });
      return ok ? "ok" : error!;
    });
  }

  /** Watches `key` for a while: each state must be at least as new as the one before. */
  async watch(station: Station, key: string, duration: number): Promise<string> {
    const label = `${station.id} watches ${key}`;
    const order: Order = { do: "watch", key, duration };
    return await this.#run(station, "watch", label, order, () => {}, (stamps) => {
      const states = stamps.outcome.value as Watched[];
      let newest = 0;
      for (const state of states) {
        this.#book.read(key, label, stamps, state);
        if (!state.present) continue;
        if (state.token <= newest) this.#report(`${label}: ${state.token} comes after ${newest}`);
        newest = state.token;
      }
      return states.length > 2 ? "saw changes" : "saw little";
    });
  }

  /** Ends the process to which values of `user` are bound. */
  async exit(station: Station, user: number): Promise<string> {
    const label = `${station.id} exits the process of ${user}`;
    const order: Order = { do: "exit", user };
    return await this.#run(station, "exit", label, order, () => {}, () => "ok");
  }

  /** Takes the lock on `key`, and adds one to the value of the resource that it protects. */
  async add(station: Station, key: string, options: AddOptions = {}): Promise<string> {
    const { shared = false, ifAvailable = false, careful = true } = options;
    const { work = 0, timeout = 5_000 } = options;
    const kind = shared ? "lock to read" : "lock to add";
    const order: Order = { do: "add", key, shared, ifAvailable, work, timeout, careful };
    const label = `${station.id} ${kind} ${key}`;
    return await this.#run(station, kind, label, order, () => {}, (stamps) => {
      const { came } = stamps.outcome.value as { came: string };
      return came === "added" || came === "read" ? "ok" : came;
    });
  }

  /** Calls the singleton `key`, whose method takes `work` milliseconds. */
  async call(station: Station, key: string, work = 0): Promise<string> {
    const id = `${station.id}.${++this.#numbers}`;
    const label = `${station.id} calls ${key} (${id})`;
    const order: Order = { do: "call", key, call: id, timeout: 5_000, work };
    let ended: ReturnType<Book["call"]>;
    const begin = (caller: string) => ended = this.#book.call(key, caller, id);
    return await this.#run(station, "call", label, order, begin, ({ outcome }) => {
      const { value, error } = outcome;
      if (error === undefined) {
        ended(value as { token: number; order: number });
        return "ok";
      }
      if (error.code === "no_quorum") ended("never");
      return this.#failure(error, station, label);
    });
  }

  /** Runs one operation. `ended` returns its outcome; only calls handle errors there, too. */
  async #run(
    station: Station,
    kind: string,
    label: string,
    order: Order,
    begin: (process: string) => void,
    ended: (stamps: { outcome: Outcome; clock: Remote["clock"] }) => string,
  ): Promise<string> {
    const { remote } = station;
    if (remote === null) return "gone";
    const pending = { label };
    this.#pending.add(pending);
    let how: string;
    begin(remote.name);
    try {
      const outcome = await remote.tell(order);
      const { error, asked } = outcome;
      how = error === undefined || kind === "call"
        ? ended({ outcome, clock: remote.clock })
        : this.#failure(error, station, label);
      const isDone = error === undefined && how !== "no_quorum";
      if (isDone && KV.has(kind)) this.#progress.done(station.id, asked);
    } catch (error) {
      if (!(error instanceof Gone)) throw error;
      how = "gone";
    }
    this.#pending.delete(pending);
    const counts = this.counts[kind] ??= {};
    counts[how] = (counts[how] ?? 0) + 1;
    return how;
  }

  #failure(
    error: NonNullable<Outcome["error"]>,
    { isBeingReplaced }: Station,
    label: string,
  ): string {
    const name = error.code ?? error.name;
    if (name === "replaced" && isBeingReplaced) return name;
    if (!EXPECTED.has(name)) this.#report(`${label}: unexpected ${error.name}: ${error.message}`);
    return name;
  }
}

/** The node of a binding: a value that is bound to a process is bound to the node of the process, too. */
function nodeOf(bind: Bind, self: string): string | undefined {
  switch (bind.to) {
    case "node":
      return bind.id;
    case "process":
      return self;
    case "pid":
      return bind.pid.node;
  }
}
