// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { registerId } from "../../../lib/codec.ts";
import type { ChangeOptions } from "../../../lib/node/quorum/change_options.ts";
import type { RegisterChange } from "../../../lib/paxos/change.ts";
import type { MakingRoom } from "../../../lib/paxos/capacity.ts";
import type { VoterSettings } from "../../../lib/paxos/voter.ts";
import { acceptRequest } from "../../support/accept_request.ts";
import { look, release, write } from "../../paxos/support/changes.ts";
import { KEY, life, ScriptedNode, sendable } from "../../support/scripted_node.ts";

const OTHER = registerId("k", undefined, "other");

/** More than a change may add without asking for it. */
const LONG = 8_000;

const FOREVER = { deadline: Infinity };
const REMOVES = { ...FOREVER, reserve: true };
const SWEEPS = { ...FOREVER, mustWrite: true, sweep: true };

class SmallMembers extends ScriptedNode {
  override get voterSettings(): VoterSettings {
    return { members: this.members, maxKeys: 1_000, maxBytes: 2_000 };
  }
}

/** A node, and members of which `full` have no room; all hold the register. */
async function start(full: readonly string[], making?: MakingRoom) {
  const node = new SmallMembers({});
  node.engine.enter(node.record);
  node.core.session.open();
  await node.ask(...node.members);
  node.rival(5, "x", ...node.members);
  for (const member of full) {
    for (const [counter, size] of [[6, 10], [7, 3_000]]) {
      const state = {
        ...{ present: true, token: counter, over: 0, op: `${life("r")}/${counter}` },
        ...{ value: new Uint8Array(size), bindings: [], owners: [] },
      } as const;
      const ballot = { counter, life: life("r") };
      node.give(member, acceptRequest(OTHER, ballot, state));
    }
    if (making !== undefined) node.voter(member).acceptor.onFull(() => making);
  }
  const now = () => node.time.runtime.now();
  const began = now();
  /** What has ended, and when. */
  const ends: Record<string, [how: string, at: number]> = {};
  const propose = (name: string, change: RegisterChange<unknown>, options: ChangeOptions) => {
    node.core.proposals.change(KEY, change, options).then(
      () => ends[name] = ["done", now() - began],
      (error) => ends[name] = [error.code, now() - began],
    );
  };
  return {
    ...{ node, ends, propose, now },
    how: () => Object.fromEntries(Object.entries(ends).map(([name, [how]]) => [name, how])),
    put: (name: string, size: number, options: ChangeOptions = FOREVER) =>
      propose(name, sendable(write("y".repeat(size))), { valueBytes: size, ...options }),
    /** The members other than `away` answer for this time, in milliseconds. */
    pass: async (time: number, away: readonly string[]) => {
      const there = node.members.filter((member) => !away.includes(member));
      for (const end = now() + time; now() < end;) {
        await node.ask(...there);
        await node.lose(...away);
        await node.time.pass(10);
      }
    },
  };
}

type Script = Awaited<ReturnType<typeof start>>;

/** What needs no room, as it is proposed. */
const SMALLER:
  readonly (readonly [what: string, propose: (script: Script, name: string) => void])[] = [
    ["a release", ({ propose }, name) => propose(name, sendable(release), REMOVES)],
    ["a read", ({ propose }, name) => propose(name, look, REMOVES)],
    ["the sweep of a member change", ({ propose }, name) => propose(name, look, SWEEPS)],
  ];

describe("what needs no room goes on without what waits for it (section 8; section 12, rule 6)", () => {
  for (const [what, smaller] of SMALLER) {
    for (const isLater of [false, true]) {
      const when = isLater ? "later" : "in the same round";
      it(`${what}, ${when}: one member is full, and one is away`, async () => {
        const script = await start(["a"]);
        // The others wait for this one, and so are made in one round.
        if (!isLater) script.propose("first", look, { ...REMOVES, mustWrite: true });
        if (!isLater) smaller(script, "smaller");
        script.put("put", LONG);
        await script.pass(500, ["c"]);
        if (isLater) smaller(script, "smaller");
        await script.pass(isLater ? 2_000 : 0, ["c"]);
        const first: Record<string, string> = isLater ? {} : { first: "done" };
        assertEquals(script.how(), { ...first, smaller: "done" });
        // The put goes on where a majority has room.
        await script.pass(2_000, ["a"]);
        assertEquals(script.how(), { ...first, smaller: "done", put: "done" });
      });

      for (const tidying of [false, true]) {
        it(`${what}, ${when}: members are full, and tidy: ${tidying}`, async () => {
          const script = await start(["a", "b", "c"], { tidying, missing: [] });
          if (!isLater) script.propose("first", look, { ...REMOVES, mustWrite: true });
          if (!isLater) smaller(script, "smaller");
          script.put("put", LONG);
          if (isLater) smaller(script, "smaller");
          await script.pass(1_000, []);
          const put: Record<string, string> = tidying ? {} : { put: "full" };
          const first: Record<string, string> = isLater ? {} : { first: "done" };
          assertEquals(script.how(), { ...first, smaller: "done", ...put });
        });
      }
    }
  }

  it("what waits behind it is not expected to join, and ends as `full`", async () => {
    const { node, ends, propose, put, pass, now } = await start(["a"]);
    put("put", LONG, { deadline: now() + 4_000 });
    await pass(500, ["c"]);
    assertEquals(node.core.proposals.canJoin(KEY), true);
    propose("release", sendable(release), REMOVES);
    await pass(3_000, node.members);
    assertEquals(node.core.proposals.canJoin(KEY), false);
    await pass(1_000, node.members);
    assertEquals(ends.put?.[0], "full");
    await pass(1_000, ["c"]);
    assertEquals(ends.release?.[0], "done");
  });

  it("is refused by no rival for what grows", async () => {
    const { node, how, propose, put, pass } = await start(["a"]);
    put("put", LONG);
    await pass(500, ["c"]);
    propose("release", sendable(release), REMOVES);
    node.rival(50, "y", "a", "b");
    await pass(3_000, ["c"]);
    assertEquals(how(), { release: "done" });
  });

  for (const isMade of [false, true]) {
    const how = isMade ? "goes on once there is room" : "gives up after 5 s";
    it(`what waits behind one release after the other ${how}`, async () => {
      const script = await start(["a", "b", "c"], { tidying: true, missing: [] });
      const { node, ends, propose, put, pass, now } = script;
      const began = now();
      put("put", LONG);
      for (let i = 0; i < 60; i++) {
        propose(`${i}`, look, { ...REMOVES, mustWrite: true });
        if (isMade && i === 20) {
          const ballot = { counter: 8, life: life("r") };
          const state = { present: false, token: 8 } as const;
          for (const member of node.members) {
            node.give(member, acceptRequest(OTHER, ballot, state));
          }
        }
        await pass(100, []);
      }
      await pass(1_000, []);
      const done = Object.keys(ends).filter((name) => name !== "put" && ends[name][0] === "done");
      assertEquals([ends.put?.[0], done.length], [isMade ? "done" : "full", 60]);
      const [, at] = ends.put!;
      assertEquals(
        [at - began >= (isMade ? 2_000 : 5_000), at - began < (isMade ? 2_600 : 5_600)],
        [
          true,
          true,
        ],
      );
    });
  }
});
