// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Watches } from "../../../lib/node/quorum/watches.ts";
import type { Learned } from "../../../lib/paxos/learner.ts";
import { showBallot, showState } from "../../paxos/support/notation.ts";
import { KEY, life, ScriptedNode } from "../../support/scripted_node.ts";

/** A node that watches the register, and the states that it is told; the script controls the rereads. */
async function watching(): Promise<{ node: ScriptedNode; told: string[] }> {
  const node = await ScriptedNode.start();
  const told: string[] = [];
  node.core.watches.watch(KEY, ({ ballot, state }) => {
    told.push(`${showState(state)} at ${showBallot({ ...ballot, life: "r" })}`);
  });
  await node.ask("a", "b", "c");
  node.trace.length = 0;
  return { node, told };
}

const learned = (counter: number): Learned => ({
  ballot: { counter, life: life("r") },
  state: { present: false, token: counter },
});

describe("Watches (section 3)", () => {
  it("report a state that a quorum of acceptors accepted at one ballot", async () => {
    const { node, told } = await watching();
    node.rival(3, "x", "a");
    await node.hear("a");
    assertEquals(told, []);
    node.rival(3, "x", "b");
    await node.hear("b");
    assertEquals(told, ["x@3 at 3r"]);
  });

  it("read the register at once, or later if another node is writing it", async () => {
    for (const unread of [0, 100]) {
      const node = await ScriptedNode.start();
      let reads = 0;
      const reread = () => {
        reads++;
        return new Promise<Learned>(() => {});
      };
      const watches = new Watches(node.engine, { reread, lost: () => {} });
      const stop = watches.watch(KEY, () => {}, unread);
      await node.send("a");
      assertEquals([node.trace.splice(0).length, reads], [1, unread === 0 ? 1 : 0]);
      await node.time.pass(99);
      assertEquals(reads, unread === 0 ? 1 : 0);
      await node.time.pass(2);
      await node.send("a");
      assertEquals([node.trace.length, reads], [unread === 0 ? 0 : 1, 1]);
      stop();
    }
  });

  it("never go back: a late quorum for a lower ballot is ignored", async () => {
    const { node, told } = await watching();
    node.rival(3, "x", "a", "b");
    await node.hear("a");
    node.rival(5, "y", "a", "c");
    await node.hear("a", "c");
    assertEquals(told, ["y@5 at 5r"]);
    await node.hear("b");
    assertEquals(told, ["y@5 at 5r"]);
  });

  it("never go below a state that was read, nor back by a read", async () => {
    const { node, told } = await watching();
    node.core.watches.note(KEY, learned(7));
    node.rival(5, "y", "a", "b");
    await node.hear("a", "b");
    node.core.watches.note(KEY, learned(6));
    node.core.watches.note(KEY, learned(7));
    assertEquals(told, ["absent@7 at 7r"]);
    node.core.watches.note(KEY, learned(8));
    assertEquals(told, ["absent@7 at 7r", "absent@8 at 8r"]);
  });

  it("the quorum is crash-consistent", async () => {
    const { node, told } = await watching();
    node.rival(3, "x", "a");
    await node.hear("a");
    node.crash("a", 3, "b");
    node.rival(3, "x", "b");
    await node.hear("b");
    assertEquals(told, []);
    node.rival(3, "x", "c");
    await node.hear("c");
    assertEquals(told, ["x@3 at 3r"]);
  });

  it("begin again with another cluster: its ballots may be lower", async () => {
    const { node, told } = await watching();
    node.core.watches.note(KEY, learned(70));
    node.core.watches.restart();
    await node.ask("a", "b", "c");
    node.rival(5, "y", "a", "b");
    await node.hear("a", "b");
    assertEquals(told, ["absent@70 at 70r", "y@5 at 5r"]);
  });
});

describe("Watches: a promise that a member has made to another life", () => {
  it("is told, of the members of the present epoch alone, and is no state", async () => {
    const node = await ScriptedNode.start();
    const lost: unknown[] = [];
    const told: unknown[] = [];
    const watches = new Watches(node.engine, {
      reread: () => new Promise(() => {}),
      lost: (register, ballot) => lost.push([register, showBallot({ ...ballot, life: "r" })]),
    });
    const stop = watches.watch(KEY, (learned) => told.push(learned));
    const nack = { type: "nack", promised: { counter: 7, life: life("r") } } as const;
    const header = node.header("b");
    const watch = (await node.asked("b")).find(({ type }) => type === "watch");
    const replies = [{ id: watch?.id ?? 0, ...nack }];
    node.receive("guessed", { header, replies });
    node.receive("b", { header: { ...header, epoch: 1 }, replies });
    node.receive("b", { header: { ...header, incarnation: null }, replies });
    node.receive("b", { header, replies: [{ ...replies[0], id: replies[0].id + 99 }] });
    assertEquals(lost, []);
    node.receive("b", { header, replies });
    assertEquals([lost, told], [[[KEY, "7r"]], []]);
    stop();
    node.receive("b", { header, replies });
    assertEquals(lost.length, 1);
  });
});

describe("Watches: a state that was read", () => {
  /**
   * Watches whose reads end as the script determines, and a way to watch that reports the counters of ballots.
   */
  async function reading() {
    const node = await ScriptedNode.start();
    const reads: { resolve(learned: Learned): void; reject(error: Error): void }[] = [];
    const reread = () =>
      new Promise<Learned>((resolve, reject) => {
        reads.push({ resolve, reject });
      });
    const watches = new Watches(node.engine, { reread, lost: () => {} });
    const watch = (told: number[]) =>
      watches.watch(KEY, ({ ballot }) => void told.push(ballot.counter));
    const end = async (read: number, counter: number) => {
      reads[read].resolve(learned(counter));
      await node.settle();
    };
    return { node, watches, reads, watch, end };
  }

  it("is reported to all, also if the listener of one fails", async () => {
    const { node, watches, watch, end } = await reading();
    watches.watch(KEY, () => {
      throw new Error("no");
    });
    const [told, later]: number[][] = [[], []];
    watch(told);
    node.handed.length = 0;
    await end(0, 7);
    await end(1, 7);
    watches.note(KEY, learned(8));
    watch(later);
    await end(2, 8);
    assertEquals([told, later], [[7, 8], [8]]);
    const failed = node.handed.filter((event) => event.startsWith("failed"));
    assertEquals(failed, ["failed: Error: no", "failed: Error: no"]);
  });

  it("is reported if it is newer", async () => {
    const { watch, end, node, reads } = await reading();
    const told: number[] = [];
    watch(told);
    await end(0, 7);
    await node.time.pass(5_000); // the time to live
    await end(1, 7);
    assertEquals([told, reads.length], [[7], 2]);
  });

  it("is read again once per time to live, and when a value ends", async () => {
    const { watch, watches, node, reads } = await reading();
    watch([]);
    assertEquals(reads.length, 1);
    for (let times = 2; times <= 3; times++) {
      await node.time.pass(4_990);
      assertEquals(reads.length, times - 1);
      await node.time.pass(10);
      assertEquals(reads.length, times);
    }
    const bindings = [{ kind: "until", time: node.time.runtime.wallNow() + 300 }] as const;
    const value = { present: true, token: 7, over: 0, op: `${life(8)}/1`, owners: [] } as const;
    const state = { ...value, value: new Uint8Array([1]), bindings };
    watches.note(KEY, { ballot: { counter: 7, life: life(8) }, state });
    await node.time.pass(299);
    assertEquals(reads.length, 3);
    await node.time.pass(2);
    assertEquals(reads.length, 4);
  });

  it("is not reported to a new watch of the register: it may be outdated", async () => {
    const { watch, end } = await reading();
    watch([])();
    const told: number[] = [];
    watch(told);
    await end(0, 5);
    assertEquals(told, []);
    await end(1, 7);
    assertEquals(told, [7]);
  });

  it("is not reported to watches of another cluster", async () => {
    const { watch, watches, end } = await reading();
    const told: number[] = [];
    watch(told);
    watches.restart();
    await end(0, 70);
    await end(1, 7);
    assertEquals(told, [7]);
  });

  it("is reported to a later listener only if it was read since; newer states are not reported to it before that", async () => {
    const { watch, watches, end } = await reading();
    const [early, late]: number[][] = [[], []];
    watch(early);
    watch(late);
    watches.note(KEY, learned(4)); // as by a push that was in transit for a long time
    await end(0, 5);
    assertEquals([early, late], [[4, 5], []]);
    watches.note(KEY, learned(8));
    await end(1, 7);
    assertEquals([early, late], [[4, 5, 8], [8]]);
    watches.note(KEY, learned(9));
    assertEquals([early, late], [[4, 5, 8, 9], [8, 9]]);
  });

  it("is reported to listeners that still wait, when a read for them failed and the next one did not", async () => {
    const { node, watch, end, reads } = await reading();
    watch([]);
    const late: number[] = [];
    watch(late);
    await end(0, 5);
    reads[1].reject(new Error("no quorum"));
    await node.settle();
    assertEquals(late, []);
    await node.time.pass(5_000);
    await end(2, 5);
    assertEquals(late, [5]);
  });

  it("is not reported to a listener that has left, nor after close()", async () => {
    const { watch, watches, end } = await reading();
    const [early, late]: number[][] = [[], []];
    watch(early);
    watch(late)();
    await end(1, 5);
    assertEquals([early, late], [[5], []]);
    watches.close();
    await end(0, 6);
    assertEquals(early, [5]);
  });

  it("ask a member that has restarted again, as soon as it votes", async () => {
    const { node, told } = await watching();
    node.crash("a", 3, "b");
    node.rival(3, "x", "b");
    await node.hear("b");
    await node.ask("a");
    assertEquals(node.trace.some((entry) => entry.startsWith("a< watch")), false);
    // The frame that says that it votes.
    node.core.watches.memberVotes("a");
    await node.ask("a");
    assertEquals(node.trace.filter((entry) => entry.startsWith("a< watch")).length, 1);
    node.rival(4, "y", "a");
    await node.hear("a");
    assertEquals(told, []);
    node.rival(4, "y", "b");
    await node.hear("b");
    assertEquals(told, ["y@4 at 4r"]);
  });

  it("look whether such a member votes, less and less often, until it does", async () => {
    const node = await ScriptedNode.start();
    const reads: number[] = [];
    const { runtime } = node.time;
    const reread = () => {
      reads.push(runtime.now());
      return new Promise<Learned>(() => {});
    };
    const watches = new Watches(node.engine, { reread, lost: () => {} });
    watches.memberRestarted();
    await node.time.pass(1_000);
    assertEquals(reads, []);
    const stop = watches.watch(KEY, () => {});
    const begun = runtime.now();
    watches.memberRestarted();
    await node.time.pass(1_000);
    assertEquals(reads.map((at) => at - begun), [0, 50, 150, 350, 750]);
    watches.memberVotes("a");
    await node.time.pass(3_000);
    assertEquals(reads.map((at) => at - begun), [0, 50, 150, 350, 750, 1_000]);
    watches.memberRestarted();
    watches.close();
    await node.time.pass(3_000);
    assertEquals(reads.length, 6);
    stop();
  });
});
