// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Housekeeper } from "../../../lib/node/quorum/housekeeper.ts";
import { TombstoneCollector } from "../../../lib/node/quorum/tombstone_collector.ts";
import { ownersOf } from "../../../lib/paxos/kv_register.ts";
import type { Binding } from "../../../lib/paxos/register.ts";
import { Voter } from "../../../lib/paxos/voter.ts";
import { acceptRequest } from "../../support/accept_request.ts";
import { bytes } from "../../paxos/support/changes.ts";
import { KEY, life, ScriptedNode } from "../../support/scripted_node.ts";

/** Member c does the housekeeping; a and b only answer. */
class Script {
  readonly node: ScriptedNode;
  readonly own: Voter;
  readonly housekeeper: Housekeeper;
  readonly tombstones: TombstoneCollector;

  private constructor(node: ScriptedNode) {
    this.node = node;
    const { engine, proposals, reads, queries } = node.core;
    this.own = new Voter(node.record, life(1), node.voterSettings);
    engine.vote(this.own);
    engine.clock.observe(9);
    this.tombstones = new TombstoneCollector(engine, proposals);
    this.housekeeper = new Housekeeper({
      ...{ engine, proposals, reads, queries },
      slowestMember: () => this.tombstones.slowestMember,
      ownSession: () => node.core.session.current,
      tidyLock: () => Promise.resolve(),
    });
  }

  static async start(): Promise<Script> {
    const node = await ScriptedNode.start({ self: "c", withoutSession: true });
    return new Script(node);
  }

  get voters(): Voter[] {
    return [this.node.voter("a"), this.node.voter("b"), this.own];
  }

  /** The number of registers that a, b and c hold. */
  get sizes(): number[] {
    return this.voters.map(({ acceptor }) => acceptor.size);
  }

  /** These have accepted a value with these bindings, or a tombstone. */
  hold(voters: readonly Voter[], bindings: readonly Binding[] | "released", counter = 3): void {
    const ballot = { counter, life: life(8) };
    const state = bindings === "released" ? { present: false, token: counter } as const : {
      ...{
        present: true,
        token: counter,
        over: 0,
        op: `${life(8)}/3`,
        value: bytes("x"),
        bindings,
      },
      owners: ownersOf(bindings),
    } as const;
    for (const voter of voters) {
      voter.handle(
        acceptRequest(KEY, ballot, state),
        { node: "n", life: life(8) },
        this.node.time.runtime.now(),
      );
    }
  }

  /** The members report their wall clocks to c, as they do with every renewal. */
  tell(clocks: Readonly<Record<string, number>>): void {
    const now = this.node.time.runtime.now();
    for (const [member, wall] of Object.entries(clocks)) {
      this.own.clocks.tell(member, wall, 60_000, now);
    }
  }

  /** Lets time pass while a and b answer. */
  async pass(duration: number): Promise<void> {
    for (let left = duration; left > 0; left -= 20) {
      await this.node.time.pass(20);
      for (let round = 0; round < 3; round++) await this.node.ask("a", "b");
    }
  }

  stop(): void {
    this.housekeeper.stop();
    this.tombstones.stop();
  }
}

describe("Housekeeper: a value that ends by time is sealed unasked (section 8)", () => {
  it("when a majority of the members' wall clocks has passed it", async () => {
    const script = await Script.start();
    const wall = script.node.time.runtime.wallNow();
    script.hold(script.voters, [{ kind: "until", time: wall - 1_000 }]);
    script.housekeeper.begin();
    // Only c's own clock.
    script.tell({ a: wall - 60_000, b: wall - 60_000, c: wall });
    await script.pass(30_000);
    assertEquals(script.sizes, [1, 1, 1]);
    script.tell({ b: script.node.time.runtime.wallNow() });
    await script.pass(10_000);
    assertEquals(script.sizes, [0, 0, 0]);
    script.stop();
  });

  it("and its own has, too: a member whose clock is behind seals nothing by the clocks of others", async () => {
    const script = await Script.start();
    const wall = script.node.time.runtime.wallNow();
    script.hold(script.voters, [{ kind: "until", time: wall + 15_000 }]);
    script.housekeeper.begin();
    script.tell({ a: wall + 60_000, b: wall + 60_000, c: wall });
    await script.pass(12_000);
    assertEquals(script.sizes, [1, 1, 1]);
    await script.pass(15_000);
    assertEquals(script.sizes, [0, 0, 0]);
    script.stop();
  });

  it("a value that only this member holds, since it missed the later state, is overwritten", async () => {
    const script = await Script.start();
    const wall = script.node.time.runtime.wallNow();
    const [a, b] = script.voters;
    script.hold([script.own], [{ kind: "until", time: wall - 1_000 }]);
    script.hold([a, b], [], 4);
    script.housekeeper.begin();
    script.tell({ a: wall, b: wall, c: wall });
    await script.pass(10_000);
    assertEquals([script.own.acceptor.endings.next, script.sizes], [Infinity, [1, 1, 1]]);
    assertEquals(script.own.acceptor.released, 0);
    script.stop();
  });
});

describe("Housekeeper: values of a session are sealed unasked (section 8)", () => {
  it("once a majority has fenced it, regardless of this member's belief", async () => {
    const script = await Script.start();
    const { node, own } = script;
    const session = `n/${life(4)}/1`;
    // a and b have granted renewals that did not reach c.
    const renew = (at: number) => {
      for (const member of ["a", "b"]) {
        node.voter(member).sessions.renew(session, 5_000, 1, at);
      }
    };
    script.hold(script.voters, [{ kind: "node", session }]);
    script.housekeeper.begin();
    const wall = node.time.runtime.wallNow();
    script.tell({ a: wall, b: wall, c: wall });
    assertEquals(own.sessions.isStale(session, node.time.runtime.now()), true);
    for (let second = 0; second < 30; second++) {
      renew(node.time.runtime.now());
      await script.pass(1_000);
    }
    assertEquals(script.sizes, [1, 1, 1]);
    // The owner dies.
    await script.pass(80_000);
    assertEquals(script.sizes, [0, 0, 0]);
    script.stop();
  });
});

describe("Housekeeper: a value that cannot be sealed (section 8)", () => {
  it("is tried about once a minute, after any time", async () => {
    const script = await Script.start();
    const { node } = script;
    const session = `n/${life(4)}/1`;
    script.hold([script.own], [{ kind: "node", session }]);
    let tries = 0;
    const fails = () => {
      tries++;
      return Promise.reject(new Error("in vain"));
    };
    const { engine, proposals, reads, queries } = node.core;
    const housekeeper = new Housekeeper({
      ...{ engine, reads },
      proposals: Object.assign(Object.create(proposals), { change: fails }),
      queries: Object.assign(Object.create(queries), { hasEnded: () => Promise.resolve(true) }),
      slowestMember: () => script.tombstones.slowestMember,
      ownSession: () => node.core.session.current,
      tidyLock: fails,
    });
    housekeeper.begin();
    const minutes = async (count: number) => {
      tries = 0;
      for (let i = 0; i < count * 60; i++) {
        await node.time.pass(1_000);
        await node.settle();
      }
      return tries;
    };
    assertEquals(await minutes(20) > 10, true);
    assertEquals(await minutes(10) <= 12, true);
    housekeeper.stop();
  });
});

describe("Housekeeper: tombstones (section 8)", () => {
  it("has members that missed it or only copied it accept it, by a write", async () => {
    const script = await Script.start();
    const [a] = script.voters;
    script.hold([a, script.own], "released");
    script.housekeeper.begin();
    const wall = script.node.time.runtime.wallNow();
    script.tell({ a: wall, b: wall, c: wall });
    await script.pass(12_000);
    assertEquals(script.sizes, [0, 0, 0]);
    assertEquals(script.node.trace.some((line) => /^b< accept \d+x absent@3/.test(line)), true);
    script.stop();
  });

  it("waits while the members change (section 11)", async () => {
    const script = await Script.start();
    script.hold(script.voters, "released");
    script.housekeeper.begin();
    script.node.engine.learn({ ...script.node.engine.configuration, epoch: 1, settled: false });
    const wall = script.node.time.runtime.wallNow();
    script.tell({ a: wall, b: wall, c: wall });
    await script.pass(12_000);
    assertEquals([script.sizes, script.node.trace], [[1, 1, 1], []]);
    script.stop();
  });

  it("waits for members that are away, and names them", async () => {
    const script = await Script.start();
    script.hold(script.voters, "released");
    script.housekeeper.begin();
    const wall = script.node.time.runtime.wallNow();
    script.tell({ b: wall, c: wall });
    await script.pass(30_000);
    assertEquals([script.sizes, script.node.trace], [[1, 1, 1], []]);
    script.stop();
  });
});
