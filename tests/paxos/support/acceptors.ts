import { assertEquals } from "@std/assert";
import { Acceptor } from "../../../lib/paxos/acceptor.ts";
import { type Ballot, compareBallots } from "../../../lib/paxos/ballot.ts";
import type { RegisterCopy, RegisterReply, RegisterRequest } from "../../../lib/paxos/messages.ts";
import type { RegisterChange } from "../../../lib/paxos/change.ts";
import type { ProposerOptions } from "../../../lib/paxos/proposer.ts";
import { CrashVector, type Sender } from "../../../lib/paxos/quorum.ts";
import type { RegisterId, SessionId } from "../../../lib/paxos/register.ts";
import { REGISTER } from "./changes.ts";
import { showReply } from "./notation.ts";
import { ScriptedProposer } from "./scripted_proposer.ts";
import { ScriptedReader } from "./scripted_reader.ts";

/** The options of a cluster of acceptors. */
export interface ClusterOptions {
  /** The ids of the members; `a`, `b` and `c` by default. */
  readonly members?: readonly string[];
  readonly maxKeys?: number;
  readonly floor?: number;
  readonly isStale?: (member: string, session: SessionId, now: number) => boolean;
}

interface Member {
  acceptor: Acceptor;
  incarnation: string;
  vector: CrashVector;
}

/**
 * Acceptors whose messages a test delivers one by one, so that it reads as a script. `trace` shows what
 * happened: `p>a` is a request of p that reaches a, `a>p` the reply that reaches p, and `p!` the step that p
 * takes then (a request shows when it arrives).
 */
export class Cluster {
  readonly members: readonly string[];
  readonly trace: string[] = [];
  /** The monotonic clock of all acceptors. */
  now = 0;
  readonly #options: ClusterOptions;
  readonly #state = new Map<string, Member>();

  constructor(options: ClusterOptions = {}) {
    this.#options = options;
    this.members = options.members ?? ["a", "b", "c"];
    for (const member of this.members) {
      const acceptor = this.#blank(member);
      const vector = new CrashVector(this.members.length);
      for (const index of this.members.keys()) vector.raise(index, "1");
      this.#state.set(member, { acceptor, incarnation: "1", vector });
    }
  }

  /** A proposer of `change`; `life` is its name. */
  proposer<R>(
    life: string,
    change: RegisterChange<R>,
    options: Partial<ProposerOptions<R>> = {},
  ): ScriptedProposer<R> {
    return new ScriptedProposer(this, life, change, options);
  }

  /** A reader. */
  reader(name: string, since?: Ballot): ScriptedReader {
    return new ScriptedReader(this, name, since);
  }

  /** The acceptor of `member`. */
  acceptor(member: string): Acceptor {
    return this.#member(member).acceptor;
  }

  /** The header of `member` at this moment. */
  sender(member: string): Sender {
    const { incarnation, vector } = this.#member(member);
    return { member, incarnation, vector: vector.entries };
  }

  /** A request reaches `member`; returns its reply. */
  handle(member: string, request: RegisterRequest, from: string): RegisterReply | undefined {
    return this.acceptor(member).handle(request, { node: from, life: from }, this.now).reply;
  }

  /**
   * `member` crashes, loses its memory, and recovers from `helpers`: it takes the next incarnation, which they
   * note before they give it their state.
   */
  crash(member: string, helpers = this.members.filter((other) => other !== member)): void {
    const crashed = this.#member(member);
    const index = this.members.indexOf(member);
    crashed.incarnation = String(Number(crashed.incarnation) + 1);
    crashed.vector = new CrashVector(this.members.length);
    crashed.acceptor = this.#blank(member);
    const copies = new Map<RegisterId, RegisterCopy>();
    let floor = 0;
    for (const helper of helpers) {
      const { acceptor, vector } = this.#member(helper);
      vector.raise(index, crashed.incarnation);
      for (const copy of acceptor.copy("").registers) {
        copies.set(copy.register, higher(copies.get(copy.register), copy));
      }
      floor = Math.max(floor, acceptor.floor);
      crashed.vector.merge(vector.entries);
    }
    crashed.acceptor.adopt(copies.values(), floor, this.now);
    this.trace.push(`${member} lost its memory, recovers from ${helpers.join(" and ")}`);
  }

  /** Fails unless the trace since the last time is this, apart from indentation and empty lines. */
  expect(transcript: string): void {
    const lines = transcript.split("\n").map((line) => line.trim()).filter((line) => line !== "");
    assertEquals(this.trace.splice(0), lines);
  }

  /** The state of an acceptor: the promise and the accepted state. */
  show(member: string): string {
    const reply = this.handle(member, { type: "read", register: REGISTER }, "test")!;
    return `${member}: ${showReply(reply)}`;
  }

  #member(member: string): Member {
    const state = this.#state.get(member);
    if (state === undefined) throw new Error(`there is no member ${member}`);
    return state;
  }

  #blank(member: string): Acceptor {
    const { maxKeys = 1_000, floor = 0, isStale } = this.#options;
    return new Acceptor({
      maxKeys,
      maxBytes: Infinity,
      floor,
      isStale: (session, now) => isStale?.(member, session, now) ?? false,
    });
  }
}

function higher(known: RegisterCopy | undefined, copy: RegisterCopy): RegisterCopy {
  if (known === undefined) return copy;
  const promised = compareBallots(known.promised, copy.promised) >= 0
    ? known.promised
    : copy.promised;
  if (known.accepted === null) return { ...copy, promised };
  if (copy.accepted === null) return { ...known, promised };
  const newer = compareBallots(copy.accepted.ballot, known.accepted.ballot) > 0;
  return { ...(newer ? copy : known), promised };
}
