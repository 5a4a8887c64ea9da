import type { Ballot, LamportClock, Life } from "../../../lib/paxos/ballot.ts";
import type { CellCommand, CellOperation } from "../../../lib/paxos/cell_register.ts";
import type { GuestOrigin } from "../../../lib/paxos/guest_change.ts";
import type { Put } from "../../../lib/paxos/kv_register.ts";
import type { ClockReading } from "../../../lib/paxos/lease.ts";
import type { LockCommand, LockMode, LockValue } from "../../../lib/paxos/lock_register.ts";
import type { RegisterReply, RegisterRequest } from "../../../lib/paxos/messages.ts";
import type { RegisterChange } from "../../../lib/paxos/change.ts";
import type { Proposer, Step } from "../../../lib/paxos/proposer.ts";
import type { Sender } from "../../../lib/paxos/quorum.ts";
import type { Binding, State } from "../../../lib/paxos/register.ts";
import type { IssuedTickets } from "../../../lib/paxos/tickets.ts";
import type { Actor } from "../automaton.ts";
import { CELL_TEXT } from "../cell_states.ts";
import { contentOf, REGISTER, valueOf } from "../client.ts";
import type { Paxos } from "../paxos.ts";

/** What a guest, or the rival of the guest, does with the register. */
export type Act =
  /** Writes its letter if the register is empty. */
  | "put"
  /** Sets a cell to its letter. */
  | "set"
  /** Deletes the value of the cell. */
  | "clear"
  /** Releases the value of the guest's put, whose process has exited. */
  | "release"
  /** Requests the lock; waits in its queue. */
  | "lock"
  /** Takes the lock from its holders. */
  | "steal"
  /** Removes the request from the holders and the queue. */
  | "unlock"
  /** Changes nothing. */
  | "read"
  /** Ends a binding of the guest's value, and seals it. */
  | "seal";

/** The bindings of the guest's put. */
export type Bound = "nothing" | "own pid" | "own session" | "key" | "until";

/** One operation as its proposer gets it. */
export interface Run {
  readonly act: Act;
  /** The guest, or the rival. */
  readonly who: "g" | "r";
  /** The number of the request, of the put or of the lock that it is about. */
  readonly request: number;
  readonly bound: Bound;
  readonly again: boolean;
  readonly since: number;
  /** Whether it writes, even if it sees nothing to change. */
  readonly unsure: boolean;
  /** The ticket that it carries; `null`: it is not a guest's. */
  readonly ticket: number | null;
}

/** An input of a node; `time` is the same at all nodes. */
export type NodeInput =
  /** It gives its guest a ticket. */
  | { readonly do: "ticket"; readonly time: number }
  /** An operation arrives. */
  | { readonly do: "run"; readonly run: Run; readonly time: number }
  /** A member answers. */
  | {
    readonly do: "answer";
    readonly sender: Sender;
    readonly reply: RegisterReply;
    readonly time: number;
  }
  /** Another attempt begins. */
  | { readonly do: "start"; readonly time: number }
  /** The guest wants the result no more. */
  | { readonly do: "cancel" };

/** An output of a node. */
export type NodeOutput =
  | { readonly out: "ask"; readonly request: RegisterRequest }
  | { readonly out: "result"; readonly act: Act; readonly result: string };

/** What the search has to know of a node. */
export interface NodeAttributes {
  readonly request: RegisterRequest | null;
  readonly canStart: boolean;
}

/** The guest's time to live in the units of the model: a ticket serves for two of them. */
export const TTL = 6;

/** The sessions of the guest and of the rival, whose operations have their names. */
export const SESSIONS = { g: "~g/life/1", r: "r/life/1" };

const BINDINGS: Readonly<Record<Bound, readonly Binding[]>> = {
  "nothing": [],
  "own pid": [{ kind: "pid", pid: { node: "~g", session: SESSIONS.g, seq: 1 } }],
  "own session": [{ kind: "node", session: SESSIONS.g }],
  "key": [{ kind: "key", register: "kother", token: 1 }],
  "until": [{ kind: "until", time: 1 }],
};

/** The lock in a state. */
export function lockIn(state: State | null): LockValue {
  return state?.present
    ? JSON.parse(contentOf(state))
    : { holders: [], queue: [], term: 0, left: [] };
}

const at = (time: number): ClockReading => ({ now: time, wall: time });

/** Options of a node. */
export interface NodeOptions {
  /** The initial value of its clock. */
  readonly clock: number;
  /** The number of ballots for each operation. */
  readonly attempts: number;
  /** `false`: a broken gateway, which looks at the ticket before an attempt only. Default: `true`. */
  readonly looksInTime?: boolean;
  /** `false`: a broken gateway, which answers what was sent again without a write. Default: `true`. */
  readonly writesAgain?: boolean;
}

/** A node that proposes: a gateway of the guest, or the guest's rival. One register, one operation at a time. */
export class GatewayNode implements Actor<NodeInput, NodeOutput> {
  readonly #paxos: Paxos;
  readonly #members: readonly string[];
  readonly #life: Life;
  readonly #attempts: number;
  readonly #looksInTime: boolean;
  readonly #writesAgain: boolean;
  readonly clock: LamportClock;
  readonly tickets: IssuedTickets;
  time = 0;
  run: Run | null = null;
  put: Put | null = null;
  cell: CellOperation | null = null;
  proposer: Proposer<string> | null = null;
  request: RegisterRequest | null = null;
  /** The counter of the first `accept` of a lock request. */
  firstAccept: number | undefined;
  /** The number of ballots that are left. */
  left = 0;
  #outputs: NodeOutput[] = [];

  /** A node with this life, whose clock begins at `clock`. */
  constructor(
    paxos: Paxos,
    members: readonly string[],
    life: Life,
    { clock, attempts, looksInTime = true, writesAgain = true }: NodeOptions,
  ) {
    this.#writesAgain = writesAgain;
    this.#looksInTime = looksInTime;
    this.#paxos = paxos;
    this.#members = members;
    this.#life = life;
    this.#attempts = attempts;
    this.clock = new paxos.LamportClock();
    this.clock.observe(clock);
    this.tickets = new paxos.IssuedTickets(TTL);
  }

  get attributes(): NodeAttributes {
    return { request: this.request, canStart: this.run !== null && this.left > 0 };
  }

  handle(input: NodeInput): NodeOutput[] {
    this.#outputs = [];
    if ("time" in input) this.time = input.time;
    switch (input.do) {
      case "ticket":
        this.tickets.issue(at(input.time));
        break;
      case "run":
        this.#begin(input.run);
        break;
      case "start":
        this.#start();
        break;
      case "answer": {
        if (this.request === null) break;
        this.#attempt(() => this.proposer!.receive(this.request!, input.sender, input.reply));
        break;
      }
      case "cancel":
        this.#end();
    }
    // The time of an idle node has no meaning.
    if (this.run === null) this.time = 0;
    return this.#outputs;
  }

  #begin(run: Run): void {
    this.run = run;
    this.left = this.#attempts;
    if (run.ticket !== null) {
      // The time is for a broken machine only, which counts from the arrival.
      const show = this.tickets.show.bind(this.tickets) as (
        ticket: number,
        at: ClockReading,
      ) => void;
      show(run.ticket, at(this.time));
      if (!this.#isOpen()) return this.#end();
    }
    const origin: GuestOrigin = {
      since: run.since,
      again: run.again,
      isOpen: () => this.#isOpen(),
    };
    const isGuest = run.ticket !== null;
    const firstAccept = isGuest ? this.#paxos.beginFor(this.clock, origin) : undefined;
    this.firstAccept = firstAccept;
    const change = this.#change(run);
    this.proposer = new this.#paxos.Proposer({
      register: REGISTER,
      members: this.#members,
      clock: this.clock,
      life: this.#life,
      change: isGuest && this.#looksInTime ? this.#paxos.guestChange(change, origin) : change,
      // What another gateway sent, some members may have: the answer is written over it.
      mustWrite: () => run.unsure || (run.again && this.#writesAgain),
      writing: ({ counter }: Ballot) => {
        this.firstAccept ??= counter;
        if (this.put !== null) this.put.firstAccept ??= counter;
        if (this.cell !== null) this.cell.firstAccept ??= counter;
      },
    });
    this.#start();
  }

  #isOpen(): boolean {
    return this.tickets.isOpen(at(this.time));
  }

  #start(): void {
    this.left--;
    if (!this.#looksInTime && this.run!.ticket !== null && !this.#isOpen()) return this.#end();
    this.#attempt(() => this.proposer!.start());
  }

  #attempt(next: () => Step<string> | undefined): void {
    let step: Step<string> | undefined;
    try {
      step = next();
    } catch (error) {
      if (!(error instanceof this.#paxos.TicketExpired)) throw error;
      return this.#end();
    }
    switch (step?.do) {
      case undefined:
        return;
      case "send":
        this.request = step.request;
        this.#outputs.push({ out: "ask", request: step.request });
        return;
      case "done":
        this.#outputs.push({ out: "result", act: this.run!.act, result: step.chosen.result });
        return this.#end();
      default:
        this.request = null;
        if (this.left === 0) this.#end();
    }
  }

  /** Nothing more happens for the operation. */
  #end(): void {
    this.run = null;
    this.put = null;
    this.cell = null;
    this.proposer = null;
    this.request = null;
    this.firstAccept = undefined;
    this.left = 0;
  }

  #change(run: Run): RegisterChange<string> {
    const { act, who, request, bound } = run;
    switch (act) {
      case "put": {
        const bindings = who === "g" ? BINDINGS[bound] : [];
        this.put = {
          op: `${SESSIONS[who]}/${request}`,
          value: valueOf(who, false),
          bindings,
          owners: this.#paxos.ownersOf(bindings),
          endedByOthers: this.#paxos.endedByOthers(bindings, null),
          firstAccept: this.firstAccept,
        };
        const change = this.#paxos.putChange(this.put, new Set(), () => true);
        return (current) => {
          const { draft, result } = change(current);
          return { draft, result: result.kind };
        };
      }
      case "set":
        return this.#cellChange(run, { type: "set", value: valueOf(who, false) });
      case "clear":
        return this.#cellChange(run, { type: "delete" });
      case "release": {
        const change = this.#paxos.releaseChange({ node: "~g", session: SESSIONS.g, seq: 1 });
        return (current) => ({ draft: change(current).draft, result: "done" });
      }
      case "seal":
        return ({ state }) => ({
          draft: contentOf(state) === "g" ? { present: false } : null,
          result: "done",
        });
      case "read":
        return ({ state }) => ({ draft: null, result: contentOf(state) });
      case "lock":
      case "steal":
      case "unlock":
        return this.#lockChange(run);
    }
  }

  #cellChange({ who, request }: Run, command: CellCommand): RegisterChange<string> {
    this.cell = {
      ...{ op: `${SESSIONS[who]}/${request}`, command, written: new Map() },
      firstAccept: this.firstAccept,
    };
    const change = this.#paxos.cellChange(this.cell, CELL_TEXT, 2);
    return (current) => {
      const { draft, result } = change(current);
      return { draft, result: result.kind === "done" ? "written" : result.kind };
    };
  }

  #lockChange({ act, who, request }: Run): RegisterChange<string> {
    const session = SESSIONS[who];
    const pid = { node: session.slice(0, session.indexOf("/")), session, seq: 1 };
    return ({ state, token, ballot }) => {
      const before = lockIn(state);
      const since = state?.present ? state.over : token;
      const sent = this.firstAccept !== undefined && since >= this.firstAccept;
      const entry = { pid, request, mode: "exclusive" as LockMode, token: 0 };
      const order: LockCommand = act === "unlock"
        ? { type: "release", session, request }
        : { type: "request", entry, ifAvailable: false, steal: act === "steal", sent };
      const { value, result } = this.#paxos.applyCommand(
        before,
        order,
        ballot.counter,
        () => false,
      );
      if (this.#paxos.sameLock(before, value)) return { draft: null, result: result.kind };
      if (value.holders.length === 0) return { draft: { present: false }, result: result.kind };
      const op = `${session}/${ballot.counter}`;
      const bytes = new TextEncoder().encode(JSON.stringify(value));
      const draft = { present: true, op, value: bytes, bindings: [], owners: [] } as const;
      return { draft, result: result.kind };
    };
  }
}
