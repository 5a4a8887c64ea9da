// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { renewGuest } from "../../../lib/node/quorum/guest_renewal.ts";
import { life, ScriptedNode } from "../../support/scripted_node.ts";

const SESSION = `~g/${life(4)}/1`;

/** A node that renews the guest's session for the second time. */
async function start() {
  const node = await ScriptedNode.start();
  const asked = { outcome: "pending" };
  const { engine, pacing } = node.core;
  renewGuest(engine, pacing, SESSION, 1_000, 2).then(
    (outcome) => asked.outcome = outcome,
    (error) => asked.outcome = error.code,
  );
  await node.settle();
  return { node, asked };
}

describe("renewGuest() of a guest's session (section 13)", () => {
  it("is granted by a quorum", async () => {
    const { node, asked } = await start();
    const requests = await node.asked("a");
    assertEquals(
      requests.map((one) => one.type === "renew" && [one.session, one.ttl, one.renewal]),
      [
        [SESSION, 1_000, 2],
      ],
    );
    const granted = { type: "renewed", session: SESSION, renewal: 2 } as const;
    await node.reply("a", granted);
    await node.reply("a", granted);
    assertEquals(asked.outcome, "pending");
    await node.reply("b", granted);
    assertEquals(asked.outcome, "renewed");
  });

  it("counts only grants of this very renewal: an older one says nothing of the present request", async () => {
    const { node, asked } = await start();
    const granted = { type: "renewed", session: SESSION } as const;
    await node.reply("a", { ...granted, renewal: 1 });
    await node.reply("b", { ...granted, renewal: 2 });
    await node.reply("c", { type: "renewed", session: `~g/${life(4)}/2`, renewal: 2 });
    assertEquals(asked.outcome, "pending");
    await node.reply("a", { ...granted, renewal: 2 });
    assertEquals(asked.outcome, "renewed");
  });

  it("is refused once the members that do not refuse are no quorum", async () => {
    const { node, asked } = await start();
    await node.reply("a", { type: "refused", session: SESSION });
    await node.reply("a", { type: "refused", session: SESSION });
    assertEquals(asked.outcome, "pending");
    await node.reply("b", { type: "refused", session: SESSION });
    assertEquals(asked.outcome, "refused");
  });

  it("ends with its time to live: the answer would be worth nothing", async () => {
    const { node, asked } = await start();
    await node.time.pass(999);
    assertEquals(asked.outcome, "pending");
    await node.time.pass(1);
    await node.settle();
    assertEquals(asked.outcome, "no_quorum");
  });
});
