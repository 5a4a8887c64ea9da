// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Strangers, toldBy } from "../../../lib/node/membership/strangers.ts";
import { UNASKED } from "../../../lib/paxos/genesis.ts";
import { firstConfiguration } from "../../../lib/paxos/configuration.ts";
import { life } from "../../support/scripted_node.ts";
import { sent, votingMember } from "../../support/voting_member.ts";

const LIVES = [life(1), life(1), life(1)];
/** Without c's former fellow b. */
const LATER = { ...firstConfiguration(["a", "c", "d"], LIVES), epoch: 4 };

describe("Strangers (section 11)", () => {
  it("asks former members, and tells those of the cluster that are blank", async () => {
    const node = await votingMember();
    const strangers = new Strangers(node.engine);
    strangers.ask();
    assertEquals(await sent(node, "b"), []);
    node.engine.learn(LATER);
    strangers.ask();
    assertEquals((await sent(node, "b"))[0].requests.map(({ type }) => type), ["enquire"]);
    const blank = { id: 5, type: "blank", members: ["b"], wall: 0, recovering: false } as const;
    const told = toldBy(node.engine)!;
    const header = { ...node.header("b"), genesis: null, life: life(7) };
    strangers.answered("b", header, blank, told);
    const [{ repliesTo, replies }] = await sent(node, "b");
    assertEquals([repliesTo, replies], [life(7), [{ id: UNASKED, ...told }]]);
    // Not one that knows a cluster, nor a member, nor while this node does not vote.
    strangers.answered("b", node.header("b"), blank, told);
    strangers.answered("d", header, blank, told);
    strangers.answered("b", header, blank, null);
    assertEquals([...await sent(node, "b"), ...await sent(node, "d")], []);
  });

  it("remembers who tells of a cluster, and the members of that", async () => {
    const node = await votingMember();
    const strangers = new Strangers(node.engine);
    const record = { id: UNASKED, ...toldBy(node.engine)! };
    strangers.answered("x", { ...node.header("a"), life: life(8) }, record, null);
    assertEquals(strangers.tellers, ["x"]);
    const later = { ...record, configuration: LATER, incarnations: [] };
    strangers.answered("y", { ...node.header("a"), life: life(8) }, later, null);
    assertEquals(strangers.tellers, ["x", "y", "a", "d"]);
  });
});
