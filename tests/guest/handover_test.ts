// Runs in Deno alone: virtual time.
import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { connectWith } from "../../guest/connect.ts";
import type { GuestTransport, LineUser } from "../../transports/guest_line.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";

/** Three members, and a guest that connects to one of them. */
async function start(first: string) {
  const cluster = await VirtualCluster.start(3, { clients: true, guests: {} });
  const { time } = cluster;
  const guests = time.network.guests(cluster.members);
  const gateway = { id: first, hears: true };
  let user: LineUser;
  const transport: GuestTransport = {
    ...guests,
    connect: (_, identity, of) => {
      user = of;
      const line = guests.connect(gateway.id, identity, of);
      return { ...line, send: line.send, close: () => gateway.hears && line.close() };
    },
  };
  const guest = connectWith({ id: "x", transport }, time.runtime);
  await time.until(guest.ready);
  // All members have heard of its session, and each remembers all of them.
  await cluster.pass(5_000);
  return {
    ...{ cluster, guest },
    /** Puts a value at n2 that is bound to a new process of the guest; returns how long that takes. */
    async put(key: string): Promise<number> {
      const { pid } = guest.spawn();
      const begun = time.runtime.now();
      const put = cluster.node("n2").kv.put(key, 1, { pid });
      // Else time would pass to the next event, whatever that is, before the put has sent anything.
      await cluster.pass(0);
      assertEquals(await time.until(put), { ok: true, value: 1 });
      return time.runtime.now() - begun;
    },
    /** The guest turns to another member; `hears`: the former one hears of it. */
    async turn(to: string, hears: boolean): Promise<void> {
      Object.assign(gateway, { id: to, hears });
      user.ended({ kind: "lost", reason: "as planned" });
      await cluster.pass(500);
    },
    async [Symbol.asyncDispose]() {
      await time.until(guest.close());
      await cluster[Symbol.asyncDispose]();
    },
  };
}

/** The wait before a message is sent again is longer: at least 37 ms. */
const AT_ONCE = 20;

describe("a put of a member that is bound to a process of a guest (section 13)", () => {
  it("comes to the guest at once, whichever member serves it", async () => {
    for (const gateway of ["n1", "n2", "n3"]) {
      await using world = await start(gateway);
      const took = await world.put("a");
      assert(took < AT_ONCE, `${gateway}: ${took} ms`);
    }
  });

  it("comes to it at once also when the guest has left the member that puts", async () => {
    await using world = await start("n2");
    await world.put("a");
    await world.turn("n1", true);
    const took = await world.put("b");
    assert(took < AT_ONCE, `${took} ms`);
  });

  it("comes to it soon when that member has not heard that the guest has left", async () => {
    await using world = await start("n2");
    await world.put("a");
    await world.turn("n1", false);
    const took = await world.put("b");
    assert(took < 10 * AT_ONCE, `${took} ms`);
  });
});
