// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { registerId } from "../../lib/codec.ts";
import { SynodError } from "../../lib/errors.ts";
import { Lock } from "../../lib/locks/lock.ts";
import type { AcquireOptions } from "../../lib/locks/lock_requests.ts";
import { LockTable } from "../../lib/locks/lock_table.ts";
import { encodeLock, lockOf, sessionsOf } from "../../lib/locks/lock_value.ts";
import type { LockRequest } from "../../lib/locks/lock_request.ts";
import type { Learned } from "../../lib/paxos/learner.ts";
import {
  FREE,
  type LockEntry,
  type LockMode,
  type LockValue,
} from "../../lib/paxos/lock_register.ts";
import type { Pid, State } from "../../lib/paxos/register.ts";
import type { Owner } from "../../lib/owners/owner.ts";
import { ProcessTable } from "../../lib/owners/process_table.ts";
import { life, ScriptedNode } from "../support/scripted_node.ts";
import { acceptRequest } from "../support/accept_request.ts";

const LOCK = registerId("l", undefined, "key");

/** A process on another node. */
const OTHER: Pid = { node: "n", session: `n/${life(4)}/1`, seq: 1 };

const entry = (pid: Pid, request: number, token: number, mode: LockMode = "exclusive") => (
  { pid, request, mode, token } satisfies LockEntry
);

/** A node that requests one lock, and the process that it requests it for. */
class Script {
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

  static async start(): Promise<Script> {
    return new Script(await ScriptedNode.start());
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
  write(counter: number, value: LockValue, over: number, ...members: string[]): void {
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
  note(counter: number, value: LockValue): void {
    const ballot = { counter, life: life("r") };
    const learned: Learned = { ballot, state: stateOf(counter, value, 0) };
    this.node.core.watches.note(LOCK, learned);
  }

  /** OTHER's session was renewed at these members at this moment. */
  renew(...members: string[]): void {
    for (const member of members) {
      const { sessions } = this.node.voter(member);
      sessions.renew(OTHER.session, 5_000, 1, this.node.time.runtime.now());
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

function stateOf(token: number, value: LockValue, over: number): State {
  if (value.holders.length === 0) return { present: false, token };
  const written = { present: true, token, over, op: `${life("r")}/${token}` } as const;
  return { ...written, value: encodeLock(value), bindings: [], owners: sessionsOf(value) };
}

describe("LockTable: a request that is taken back (section 9)", () => {
  it("whose outcome is unknown is overwritten, though it is not visible", async () => {
    const script = await Script.start();
    const aborter = new AbortController();
    const request = script.acquire({ signal: aborter.signal });
    await script.node.ask("a", "b");
    // Its accept is only in transit to c.
    const late = (await script.node.asked("c")).filter(({ type }) => type === "accept");
    await script.node.lose("a", "b", "c");
    aborter.abort();
    await script.rounds("a", "b");
    assertEquals(request.outcome, "AbortError");
    assertEquals(script.count("a", "accept"), 1);
    // Now it is too late: a quorum of c and another member reports the later write.
    for (const accept of late) {
      if (accept.type !== "accept") continue;
      script.node.voter("c").handle(accept, { node: "x", life: life(9) }, 0);
    }
    const next = script.acquire();
    await script.rounds("c", "a");
    assertEquals(next.outcome.startsWith("granted"), true);
  });

  it("leaves nothing behind when no accept was sent", async () => {
    const script = await Script.start();
    const aborter = new AbortController();
    script.acquire({ signal: aborter.signal });
    await script.node.ask("a");
    aborter.abort();
    await script.rounds("a", "b");
    assertEquals(script.count("a", "accept"), 0);
  });

  it("of an owner that has ended is not made", async () => {
    const script = await Script.start();
    const request = script.acquire();
    await script.node.ask("a");
    script.processes.end(script.owner);
    await script.rounds("b", "a");
    assertEquals([request.outcome, script.count("a", "accept")], ["session_lost", 0]);
  });
});

describe("LockTable: a grant (section 9)", () => {
  it("that arrives after the session's deadline does not count", async () => {
    const script = await Script.start();
    const request = script.acquire();
    await script.node.ask("a", "b");
    await script.node.send("a", "b");
    // No timer has run: only the wall clock has advanced, as in a sleep.
    script.node.ahead = 5_000;
    await script.node.hear("a", "b");
    assertEquals(request.outcome, "session_lost");
  });

  it("that is known is not requested again, even if another owner seems to be gone", async () => {
    const script = await Script.start();
    const shared = { holders: [entry(OTHER, 1, 3, "shared")], queue: [] };
    script.write(3, shared, 0, "a", "b", "c");
    const request = script.acquire({ mode: "shared" });
    // Its write is chosen, but the replies are lost: it has to look again, and finds itself.
    await script.node.ask("a", "b");
    await script.node.send("a", "b");
    await script.node.lose("a", "b", "c");
    while (script.count("a", "prepare") < 2) {
      await script.node.time.pass(20);
      await script.node.ask("a", "b");
    }
    assertEquals([script.held("a"), request.outcome], ["n@3 x@4, then ", "pending"]);
    await script.node.ask("a", "b");
    assertEquals([request.outcome, script.count("a", "fence")], ["granted 4", 0]);
  });

  it("does not come from the belief of members that the holder is gone: only a fence lets it in", async () => {
    const script = await Script.start();
    script.write(3, { holders: [entry(OTHER, 1, 3)], queue: [] }, 0, "a", "b", "c");
    const request = script.acquire();
    await script.node.ask("a", "b");
    // They do not know the holder's session, but receive a renewal before they are asked to fence it.
    await script.node.send("a", "b");
    script.renew("a", "b", "c");
    await script.node.hear("a", "b");
    await script.rounds("a", "b", "c");
    assertEquals(request.outcome, "pending");
    assertEquals(script.held("a"), "n@3, then x@0");
  });

  it("with ifAvailable does not come from that belief either", async () => {
    for (const [lives, outcome] of [[true, "unavailable"], [false, "granted 6"]] as const) {
      const script = await Script.start();
      script.write(3, { holders: [entry(OTHER, 1, 3)], queue: [] }, 0, "a", "b", "c");
      const request = script.acquire({ ifAvailable: true });
      await script.node.ask("a", "b");
      // Both believe the holder gone, and are asked to fence it.
      if (lives) script.renew("a", "b", "c");
      await script.rounds("a", "b", "c");
      assertEquals([script.count("a", "fence"), request.outcome], [1, outcome]);
    }
  });

  it("comes as soon as a quorum has fenced the holder", async () => {
    const script = await Script.start();
    const held = [entry(OTHER, 1, 3)];
    script.write(3, { holders: held, queue: [] }, 0, "a", "b", "c");
    const request = script.acquire();
    await script.node.ask("a", "b");
    await script.node.ask("a", "b");
    assertEquals(script.held("a"), "n@3, then x@0");
    // It learns the state in which it waits, and checks the holder.
    script.note(4, { holders: held, queue: [entry(script.owner.pid, 1, 0)] });
    await script.rounds("a", "b");
    assertEquals(script.count("a", "fence"), 1);
    assertEquals(request.outcome.startsWith("granted"), true);
  });
});

describe("LockTable: a session that is over (section 9)", () => {
  /** A lock that is held. */
  async function held(): Promise<{ script: Script; lock: Lock; request: LockRequest }> {
    const script = await Script.start();
    const { session } = script.node.core;
    const acquired = script.acquire();
    await script.node.ask("a", "b");
    await script.node.ask("a", "b");
    const request = acquired.request!;
    const lock = new Lock("key", {
      request,
      isValid: () => session.isValid(script.owner.pid.session),
      check: () => session.check(),
      release: () => script.table.release(request),
    });
    assertEquals([lock.held, lock.signal.aborted], [true, false]);
    return { script, lock, request };
  }

  it("ends held locks at that instant, before any timer has run", async () => {
    const { script, lock } = await held();
    script.node.ahead = 5_000 * 0.95;
    assertEquals(lock.held, false);
  });

  it("ends all held and all waiting requests with its reason", async () => {
    const { script, lock } = await held();
    const waiting = script.acquire();
    await script.rounds("a", "b");
    const reason = new SynodError("session_lost", "it is over");
    script.table.sessionLost(script.owner.pid.session, reason);
    await script.node.settle();
    assertEquals([lock.held, lock.signal.aborted, lock.signal.reason], [false, true, reason]);
    assertEquals([waiting.outcome, script.table.held], ["session_lost", 0]);
  });

  it("of another life ends nothing here", async () => {
    const { script, lock } = await held();
    const reason = new SynodError("session_lost", "it is over");
    script.table.sessionLost(`x/${life(8)}/1`, reason);
    assertEquals(lock.held, true);
  });
});

describe("LockTable: a thief (section 9)", () => {
  /** A thief whose first write has reached a, and was refused by the others. */
  async function refused(): Promise<{ script: Script; theft: { outcome: string } }> {
    const script = await Script.start();
    script.renew("a", "b", "c");
    script.write(3, { holders: [entry(OTHER, 1, 3)], queue: [] }, 0, "a", "b", "c");
    const theft = script.acquire({ steal: true });
    await script.node.ask("a", "b");
    assertEquals(script.held("a"), "n@3, then ");
    await script.node.send("a");
    assertEquals(script.held("a"), "x@4, then ");
    for (const member of ["b", "c"]) {
      const prepare = { id: 0, type: "prepare", register: LOCK } as const;
      const ballot = { counter: 9, life: life("r") };
      script.node.voter(member).handle({ ...prepare, ballot }, { node: "r", life: life("r") }, 0);
    }
    await script.node.ask("b", "c");
    return { script, theft };
  }

  it("whose steal may have been chosen, and is not visible, may have been stolen from: it does not steal again", async () => {
    const { script, theft } = await refused();
    // Another thief has stolen the lock from it.
    script.write(9, { holders: [entry(OTHER, 2, 9)], queue: [] }, 4, "b", "c");
    await script.node.time.pass(600);
    await script.node.lose("a");
    await script.rounds("b", "c");
    assertEquals(theft.outcome, "AbortError");
    assertEquals(script.held("b"), "n@9, then ");
  });

  it("whose steal cannot have been chosen steals once more", async () => {
    const { script, theft } = await refused();
    await script.node.time.pass(600);
    await script.node.lose("a");
    await script.rounds("b", "c");
    assertEquals(theft.outcome.startsWith("granted"), true);
    assertEquals(script.held("b"), `x@${theft.outcome.split(" ")[1]}, then `);
  });

  it("takes the lock from an owner, which then makes sure that its entry is gone", async () => {
    const script = await Script.start();
    const request = script.acquire();
    await script.node.ask("a", "b");
    await script.node.ask("a", "b");
    assertEquals(request.outcome, "granted 1");
    // A lock is watched once it has been held for a while.
    await script.node.time.pass(150);
    await script.node.ask("a", "b", "c");
    let reason: unknown;
    request.request!.onOver((why) => reason = why);
    script.write(9, { holders: [entry(OTHER, 2, 9)], queue: [] }, 1, "a", "b", "c");
    script.node.trace.length = 0;
    script.note(9, { holders: [entry(OTHER, 2, 9)], queue: [] });
    assertEquals([(reason as DOMException).name, request.request!.holds], ["AbortError", false]);
    await script.rounds("a", "b");
    assertEquals([script.count("a", "accept"), script.held("a")], [1, "n@9, then "]);
  });
});

describe("LockTable: a waiting request (section 9)", () => {
  /** A request that is queued behind OTHER's, at ballot 4. */
  async function queued(): Promise<
    { script: Script; request: { outcome: string; request: LockRequest | null } }
  > {
    const script = await Script.start();
    script.renew("a", "b", "c");
    script.write(3, { holders: [entry(OTHER, 1, 3)], queue: [] }, 0, "a", "b", "c");
    const request = script.acquire();
    await script.node.ask("a", "b");
    await script.node.ask("a", "b");
    assertEquals(script.held("a"), "n@3, then x@0");
    script.node.trace.length = 0;
    return { script, request };
  }

  it("has the lock when a chosen state says so", async () => {
    const { script, request } = await queued();
    const own = entry(script.owner.pid, 1, 7);
    script.note(7, { holders: [own], queue: [] });
    await script.node.settle();
    assertEquals(request.outcome, "granted 7");
  });

  it("was stolen from if it is in neither list at a higher ballot, and makes sure that its entry is gone", async () => {
    const { script, request } = await queued();
    script.note(7, { holders: [entry(OTHER, 2, 7)], queue: [] });
    await script.node.settle();
    assertEquals(request.outcome, "AbortError");
    await script.rounds("a", "b");
    assertEquals([script.count("a", "accept"), script.held("a")], [1, "n@3, then "]);
  });

  it("continues to wait when it receives a state from before its request", async () => {
    const { script, request } = await queued();
    for (const counter of [2, 3]) script.note(counter, FREE);
    await script.node.settle();
    assertEquals(request.outcome, "pending");
  });

  it("keeps no promise that a later state has outdated", async () => {
    const { script, request } = await queued();
    const own = entry(script.owner.pid, 1, 7);
    script.write(7, { holders: [own], queue: [] }, 4, "a", "b", "c");
    script.note(7, { holders: [own], queue: [] });
    await script.node.settle();
    script.node.trace.length = 0;
    script.table.release(request.request!);
    const asked = await script.node.asked("a");
    // A member without room promises it from its reserve.
    assertEquals(asked.some((it) => it.type === "prepare" && it.reserve === true), true);
    await script.node.ask("a", "b");
    assertEquals(script.count("a", "prepare"), 1);
  });
});
