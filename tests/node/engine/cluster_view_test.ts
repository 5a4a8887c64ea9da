// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { ClusterView } from "../../../lib/node/engine/cluster_view.ts";
import { Voter } from "../../../lib/paxos/voter.ts";
import { life, ScriptedNode } from "../../support/scripted_node.ts";
import { VirtualTime } from "../../support/virtual_time.ts";
import { answers, votingMember } from "../../support/voting_member.ts";

describe("ClusterView: crashes", () => {
  it("the lives in the record are the first incarnations", async () => {
    const node = await ScriptedNode.start({ withoutSession: true });
    assertEquals(node.engine.incarnations.entries, node.record.lives);
  });

  it("a member that votes again knows the crashes that it copied, and those that it has heard of since", async () => {
    const node = await ScriptedNode.start({ self: "c", withoutSession: true });
    node.receive("a", { header: { ...node.header("a"), incarnation: life(3) } });
    node.engine.vote(new Voter(node.record, life(2), node.voterSettings), [
      ["a", life(1)],
      ["b", life(5)],
      ["c", life(1)],
    ]);
    assertEquals(node.engine.incarnations.entries, [life(3), life(5), life(2)]);
  });

  it("a member that hears of a later incarnation of itself never votes again", async () => {
    const node = await votingMember();
    node.receive("a", { header: { ...node.header("a"), vector: [life(1), life(1), life(2)] } });
    assertEquals(node.handed.includes("replaced"), true);
    assertEquals(node.engine.voter, null);
    assertEquals(await answers(node, {}), []);
  });

  it("the same for one that heard of it while it was recovering", async () => {
    const node = await ScriptedNode.start({ self: "c", withoutSession: true });
    node.receive("a", { header: { ...node.header("a"), vector: [life(1), life(1), life(3)] } });
    assertEquals(node.handed.includes("replaced"), false);
    node.engine.vote(new Voter(node.record, life(2), node.voterSettings));
    assertEquals([node.engine.voter, node.handed.includes("replaced")], [null, true]);
    assertEquals(await answers(node, {}), []);
  });

  it("its own incarnation, or an earlier one, does not replace it", async () => {
    const node = await votingMember();
    for (const own of [life(1), life(0), ""]) {
      node.receive("a", { header: { ...node.header("a"), vector: [life(1), life(1), own] } });
    }
    assertEquals(await answers(node, {}), ["current"]);
    assertEquals(node.handed.includes("replaced"), false);
  });

  it("a vector of another epoch has no effect: it has another order", async () => {
    const node = await votingMember();
    const header = { ...node.header("a"), epoch: 1, vector: [life(1), life(1), life(2)] };
    node.receive("a", { header });
    assertEquals(node.engine.incarnations.entries, node.record.lives);
    assertEquals(node.handed.includes("replaced"), false);
  });

  it("a vector of another genesis has no effect", async () => {
    const node = await votingMember();
    const header = { ...node.header("a"), genesis: "other", vector: [life(1), life(1), life(2)] };
    node.receive("a", { header });
    assertEquals(node.handed, ["otherGenesis of a"]);
    assertEquals(node.engine.incarnations.entries, node.record.lives);
  });
});

describe("ClusterView: the replies that count", () => {
  it("those of voting members of its own genesis", async () => {
    const node = await ScriptedNode.start({ withoutSession: true });
    const header = node.header("a");
    const { vector } = header;
    assertEquals(node.engine.sender("a", header), { member: "a", incarnation: life(1), vector });
    assertEquals(node.engine.sender("a", { ...header, genesis: "other" }), undefined);
    assertEquals(node.engine.sender("a", { ...header, genesis: null }), undefined);
    assertEquals(node.engine.sender("a", { ...header, incarnation: null }), undefined);
    assertEquals(node.engine.sender("a", { ...header, epoch: 1 }), undefined);
    assertEquals(node.engine.sender("x", header), undefined);
  });

  it("none before it knows its genesis", () => {
    const node = new ScriptedNode({});
    assertEquals(node.engine.sender("a", node.header("a")), undefined);
    const nothing = { ...node.header("a"), genesis: null };
    assertEquals(node.engine.sender("a", nothing), undefined);
  });
});

describe("ClusterView: the Lamport clock", () => {
  it("follows the frames of members under the same genesis", async () => {
    const node = await ScriptedNode.start({ withoutSession: true });
    node.receive("a", { header: { ...node.header("a"), clock: 90 } });
    node.receive("a", { header: { ...node.header("a"), clock: 80 } });
    assertEquals(node.engine.clock.next(), 91);
  });

  it("but not those of another genesis, or of none", async () => {
    const node = await ScriptedNode.start({ withoutSession: true });
    node.receive("a", { header: { ...node.header("a"), clock: 90 } });
    for (const genesis of ["other", null]) {
      node.receive("a", { header: { ...node.header("a"), clock: 100, genesis, vector: [] } });
    }
    assertEquals(node.engine.clock.next(), 91);
  });

  it("is above the floor of the genesis", () => {
    const node = new ScriptedNode({});
    node.engine.enter({ ...node.record, floor: 500 });
    assertEquals(node.engine.clock.next(), 501);
  });
});

describe("ClusterView: the role of a sender (section 7)", () => {
  /** The role of \`from\` under each genesis, as seen by a node of a cluster with and without clients. */
  function rolesOf(from: string, isKnown: boolean): string[] {
    return [true, false].flatMap((clients) =>
      ["g", "other", null].map((genesis) => {
        const { runtime } = new VirtualTime();
        const events = { replaced() {}, memberVotes() {}, memberRestarted() {}, moved() {} };
        const members = ["a", "b", "c"];
        const view = new ClusterView({ id: "x", members }, runtime, life(9), events);
        const lives = members.map(() => life(1));
        if (isKnown) view.enter({ id: "g", lives, floor: 0, maxTtl: 5_000, clients });
        const header = { life: life(5), clock: 0, genesis, epoch: 0, incarnation: null };
        return view.roleOf(from, { ...header, vector: [] });
      })
    );
  }

  it("is that of a member by its id alone", () => {
    for (const isKnown of [true, false]) {
      assertEquals(rolesOf("a", isKnown), new Array(6).fill("member"));
    }
  });

  it("is that of a client under the same genesis, if its record admits clients", () => {
    assertEquals(rolesOf("y", true), ["client", ...new Array(5).fill("outsider")]);
  });

  it("is that of an outsider before this node knows its genesis", () => {
    assertEquals(rolesOf("y", false), new Array(6).fill("outsider"));
  });
});
