import { checkCalls, type Execution, type MadeCall } from "../checkers/calls.ts";
import { checkVisits, type Visit } from "../checkers/fenced_resource.ts";
import { checkOwnership, type Owned } from "../checkers/ownership.ts";
import type { Put, Read } from "../checkers/put_once_register.ts";
import { checkRegisters, type Recorded } from "../checkers/registers.ts";
import type { Event, OwnedEvent, RanEvent } from "./orders.ts";
import type { Outcome } from "./remote.ts";
import type { RemoteClock } from "./remote_clock.ts";

type Wrote = Pick<Put, "value" | "bound" | "node">;
type Saw = Omit<Read, "call" | "return" | "type">;

/** When an operation was called and answered, by the clocks of this process and of the node's. */
interface Stamps {
  readonly outcome: Outcome;
  readonly clock: RemoteClock;
}

type Entry =
  & { readonly on: string; readonly label: string; readonly asked: number }
  & (
    | { readonly type: "put"; readonly wrote: Wrote; result?: Put["result"]; stamps?: Stamps }
    | { readonly type: "read"; readonly saw: Saw; readonly stamps: Stamps }
  );

/** A put that was called. Its outcome is unknown until one of these methods is called. */
export interface PendingPut {
  /** It returned `answer`. */
  agreed(stamps: Stamps, result: { value: string; token?: number }): void;
  /** It had no effect for certain. */
  refused(): void;
}

/**
 * Records all operations and answers, and all events of the processes. Their times become comparable at
 * the end, when the offsets of the clocks are known most precisely.
 */
export class Book {
  readonly #entries = new Set<Entry>();
  readonly #unbound = new Set<string>();
  readonly #owned = new Map<string, { event: OwnedEvent; clock: RemoteClock }>();
  readonly #calls = new Map<string, MadeCall>();
  readonly #executions: { event: RanEvent; clock: RemoteClock }[] = [];
  /** Invariants that failed in a process. */
  readonly #broken: string[] = [];
  /** When the state of an era was lost. */
  readonly #ends = new Map<number, number>();
  /** Values that were acknowledged for ever in this era, by key. */
  readonly #settled = new Map<string, string>();
  #era = 1;

  /** Prefix of the keys of the current era. */
  get era(): string {
    return `${this.#era}/`;
  }

  /** The numbers of recorded operations, owners, calls and executions. */
  get sizes(): Readonly<Record<"operations" | "owners" | "calls" | "executions", number>> {
    return {
      operations: this.#entries.size,
      owners: this.#owned.size,
      calls: this.#calls.size,
      executions: this.#executions.length,
    };
  }

  /**
   * Records that the state is about to be lost. Keys then belong to an interim era, of which nothing is
   * verified, until {@linkcode beginEra}.
   */
  endEra(): void {
    this.#ends.set(this.#era, performance.now());
    this.#ends.set(++this.#era, -Infinity);
    this.#settled.clear();
  }

  /** Records that the cluster has started again. */
  beginEra(): void {
    this.#era++;
    this.#settled.clear();
  }

  /** Records that a put is called. */
  put(on: string, label: string, wrote: Wrote): PendingPut {
    const entry: Entry = { type: "put", on, label, wrote, asked: performance.now() };
    this.#entries.add(entry);
    if (!wrote.bound) this.#unbound.add(wrote.value);
    return {
      agreed: (stamps, result) => {
        Object.assign(entry, { stamps, result });
        if (this.#unbound.has(result.value) && on.startsWith(this.era)) {
          this.#settled.set(on, result.value);
        }
      },
      refused: () => void this.#entries.delete(entry),
    };
  }

  /** Records the answer of a read. */
  read(on: string, label: string, stamps: Stamps, saw: Saw): void {
    this.#entries.add({ type: "read", on, label, saw, stamps, asked: stamps.outcome.asked });
  }

  /** Records a call of a singleton. Returns a function that records its outcome; until then it is unknown. */
  call(on: string, caller: string, id: string): (outcome: MadeCall["outcome"]) => void {
    this.#calls.set(id, { on, caller, id, outcome: "unknown" });
    return (outcome) => void this.#calls.set(id, { on, caller, id, outcome });
  }

  /** Records an event of a process. */
  event(event: Event, clock: RemoteClock): void {
    if (event.event === "owned") {
      this.#owned.set(`${event.kind} ${event.owner}`, { event, clock });
    } else if (event.event === "ran") {
      this.#executions.push({ event, clock });
    } else if (event.event === "broken") {
      this.#broken.push(`an invariant failed in ${event.node}: ${event.invariant}`);
    }
  }

  /** Pairs of key and value that were acknowledged for ever, and not lost with their era. */
  get settled(): ReadonlyMap<string, string> {
    return this.#settled;
  }

  /** All violations in this record, and in the `visits` to the resources. */
  check(visits: Iterable<Visit>): string[] {
    return [
      ...checkRegisters(this.#history()),
      ...checkOwnership(this.#ownerships()),
      ...checkVisits(visits),
      ...checkCalls(this.#calls.values(), this.#ran()),
      ...this.#broken,
    ];
  }

  *#history(): Generator<Recorded> {
    for (const entry of this.#entries) {
      const { on, label, asked, stamps } = entry;
      const end = this.#ends.get(Number.parseInt(on)) ?? Infinity;
      if (asked > end) continue;
      const [call, returned] = stamps === undefined ? [asked, Infinity] : interval(stamps);
      // An answer that arrived after the loss may reflect later state.
      const isKnown = stamps !== undefined && stamps.outcome.answered < end;
      if (entry.type === "read") {
        if (isKnown) yield { ...entry.saw, type: "read", on, label, call, return: returned };
      } else if (isKnown) {
        const { wrote, result } = entry;
        yield { ...wrote, type: "put", on, label, call, return: returned, result };
      } else {
        yield { ...entry.wrote, type: "put", on, label, call, return: Infinity };
      }
    }
  }

  *#ran(): Generator<Execution> {
    for (const { event, clock } of this.#executions) {
      const { key, call, token, order, at } = event;
      yield { on: key, id: call, token, order, time: clock.latest(at) };
    }
  }

  *#ownerships(): Generator<Owned> {
    for (const { event, clock } of this.#owned.values()) {
      const { kind, key, shared, token, owner, from, to } = event;
      // Certainly owned: from the latest possible beginning to the earliest possible end.
      const times = { from: clock.latest(from), to: clock.earliest(to) };
      yield { on: `${kind} ${key}`, owner, shared, token, ...times };
    }
  }
}

/** The longest interval in which an operation may have run. */
function interval({ outcome, clock }: Stamps): [call: number, returned: number] {
  const { asked, answered, begun, ended } = outcome;
  return [Math.max(asked, clock.earliest(begun)), Math.min(answered, clock.latest(ended))];
}
