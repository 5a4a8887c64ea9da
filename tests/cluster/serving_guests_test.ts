import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertRejects } from "@std/assert";
import { connect } from "../../guest/mod.ts";
import { join } from "../../lib/cluster/join.ts";
import { partsOf } from "../../lib/cluster/cluster_node.ts";
import { memoryNetwork } from "../../transports/memory.ts";

describe("join(), and guests", () => {
  async function start(guests?: Record<never, never>) {
    const network = memoryNetwork();
    const transport = network.transport();
    const options = { id: "w1", members: ["w1"], transport, clients: true, sessionTtl: 200 };
    return { network, node: await join(guests === undefined ? options : { ...options, guests }) };
  }

  it("loads what serves guests when it joins, so that the first one meets it", async () => {
    const { network, node } = await start({});
    const guest = await connect({ id: "page", transport: network.guests(["w1"]) });
    assertEquals(await guest.kv.put("greeting", "hello"), { ok: true, value: "hello" });
    assertEquals(partsOf(node).gateway?.size, 1);
    await guest.close();
    await node.close();
  });

  it("has no gateway unless it is to serve guests", async () => {
    const { node } = await start();
    assertEquals(partsOf(node).gateway, null);
    await node.close();
  });

  it("rejects bad options before it loads anything", async () => {
    await assertRejects(() => start({ limits: 1 }), TypeError, "guests.limits");
  });
});
