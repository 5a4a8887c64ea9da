import { registerId } from "../../../lib/codec.ts";
import type { LockRequest } from "../../../lib/locks/lock_request.ts";
import type { AcquireOptions } from "../../../lib/locks/lock_requests.ts";
import { LockTable } from "../../../lib/locks/lock_table.ts";
import { encodeLock, lockOf, sessionsOf } from "../../../lib/locks/lock_value.ts";
import type { Owner } from "../../../lib/owners/owner.ts";
import { ProcessTable } from "../../../lib/owners/process_table.ts";
import type { Learned } from "../../../lib/paxos/learner.ts";
import type { LockEntry, LockMode, LockValue } from "../../../lib/paxos/lock_register.ts";
import type { Pid, State } from "../../../lib/paxos/register.ts";
import { acceptRequest } from "../../support/accept_request.ts";
import { life, ScriptedNode } from "../../support/scripted_node.ts";

/** The lock of all scripts. */
export const LOCK = registerId("l", undefined, "key");

/** A process on another node. */
export const ELSEWHERE: Pid = { node: "n", session: `n/${life(4)}/1`, seq: 1 };

/** An entry of a lock. */
export const entry = (pid: Pid, request: number, token: number, mode: LockMode = "exclusive") => (
  { pid, request, mode, token } satisfies LockEntry
);

/** A node that requests one lock, and the process that it requests it for. */
export class LockScript {
  readonly node: ScriptedNode;
  readonly processes: ProcessTable;
  readonly table: LockTable;
  readonly owner: Owner;

  private constructor(node: ScriptedNode) {
    this.node = node;
    this.processes = new ProcessTable(node.core);
    this.table = new LockTable(node.core);
    this.owner = this.processes.add();
  }

  static async start(): Promise<LockScript> {
    // Without a way to the members, nothing begins with a fast round.
    return new LockScript(await ScriptedNode.start({ way: () => "none" }));
  }

  /** Requests the lock; `outcome` is its result, once that is known. */
  acquire(options: Partial<AcquireOptions> = {}): { outcome: string; request: LockRequest | null } {
    const result: { outcome: string; request: LockRequest | null } = {
      outcome: "pending",
      request: null,
    };
    const all: AcquireOptions = {
      ...{ mode: "exclusive", ifAvailable: false, steal: false, deadline: Infinity },
      ...options,
    };
    this.table.acquire(LOCK, this.owner, all).then(
      (request) => {
        result.request = request;
        result.outcome = request === null ? "unavailable" : `granted ${request.token}`;
      },
      (error) => result.outcome = error instanceof DOMException ? error.name : error.code,
    );
    return result;
  }

  /** These accept `value` at this ballot; `over` is the token of what it replaced. */
  write(counter: number, value: Lists, over: number, ...members: string[]): void {
    const ballot = { counter, life: life("r") };
    const state = stateOf(counter, value, over);
    for (const member of members) {
      const accept = acceptRequest(LOCK, ballot, state);
      const from = { node: "r", life: life("r") };
      this.node.voter(member).handle(accept, from, this.node.time.runtime.now());
    }
    this.node.engine.clock.observe(counter);
  }

  /** A state that a read finds, or that the acceptors push. */
  note(counter: number, value: Lists): void {
    const ballot = { counter, life: life("r") };
    const learned: Learned = { ballot, state: stateOf(counter, value, 0) };
    this.node.core.watches.note(LOCK, learned);
  }

  /** ELSEWHERE's session was renewed at these members at this moment. */
  renew(...members: string[]): void {
    for (const member of members) {
      const { sessions } = this.node.voter(member);
      sessions.renew(ELSEWHERE.session, 5_000, 1, this.node.time.runtime.now());
    }
  }

  /** The state that `member` holds, as text. */
  held(member: string): string {
    const reading = { id: 0, type: "read", register: LOCK } as const;
    const { reply } = this.node.voter(member).handle(reading, { node: "r", life: life("r") }, 0);
    if (reply?.type !== "current") throw new Error("no answer");
    const { holders, queue } = lockOf(reply.accepted?.state ?? null);
    const names = (entries: readonly LockEntry[]) =>
      entries.map(({ pid, token }) => `${pid.node}@${token}`).join(" ");
    return `${names(holders)}, then ${names(queue)}`;
  }

  /** The number of messages of this kind that have reached `member`. */
  count(member: string, what: string): number {
    return this.node.trace.filter((line) => line.startsWith(`${member}< ${what}`)).length;
  }

  /** These members answer all requests, until no more are sent. */
  async rounds(...members: string[]): Promise<void> {
    for (let i = 0; i < 6; i++) await this.node.ask(...members);
  }
}

/** A lock by its lists, and what else is given. */
type Lists = Pick<LockValue, "holders" | "queue"> & Partial<LockValue>;

export function stateOf(token: number, lists: Lists, over: number): State {
  const value: LockValue = { term: 1, left: [], ...lists };
  if (value.holders.length === 0) return { present: false, token };
  const written = { present: true, token, over, op: `${life("r")}/${token}` } as const;
  return { ...written, value: encodeLock(value), bindings: [], owners: sessionsOf(value) };
}
