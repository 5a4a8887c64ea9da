// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { encodeValue, registerId } from "../../lib/codec.ts";
import type { GuestOperation } from "../../lib/codec/guest_messages.ts";
import { REGISTER_KINDS } from "../../lib/paxos/register.ts";
import { ScriptedGuest } from "../support/scripted_guest.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";

const LOCK = registerId(REGISTER_KINDS.lock, undefined, "l");

const request: GuestOperation & { type: "lock" } = {
  ...{ type: "lock", register: LOCK, session: 1, seq: 1, mode: "exclusive", permits: 0 },
  ...{ ifAvailable: false, steal: false, asked: 0, label: "" },
};

describe("an operation of a guest whose parts exclude each other (section 13)", () => {
  it("is refused: a lock with permits that is exclusive could not be read any more", async () => {
    await using cluster = await VirtualCluster.start(3, { clients: true, guests: {} });
    await cluster.pass(5_000);
    const guest = new ScriptedGuest(cluster);
    const connection = await guest.connect("n1");
    const bad: readonly GuestOperation[] = [
      { ...request, permits: 3 },
      { ...request, permits: 3, steal: true },
      { ...request, mode: "shared", steal: true },
      { ...request, mode: "shared", permits: 3, steal: true },
    ];
    for (const operation of bad) {
      assertEquals(await guest.do(connection, operation), "TypeError");
    }
    const holders = cluster.node("n2").holders("l");
    await cluster.pass(1_000);
    assertEquals(await holders, { ok: true, value: [] });
  });

  it("is refused: the singleton that is started is the one that authorize was asked about", async () => {
    const spec = (id: string) => ({ id, start: () => ({ who: () => id }) });
    await using cluster = await VirtualCluster.start(3, {
      clients: true,
      hosts: [spec("public"), spec("secret")],
      guests: { authorize: (_guest, { type, spec }) => type !== "whereis" || spec === "public" },
    });
    await cluster.pass(5_000);
    const guest = new ScriptedGuest(cluster);
    const connection = await guest.connect("n1");
    const register = registerId(REGISTER_KINDS.singleton, "secret", "k");
    const args = encodeValue([], 100);
    const place: GuestOperation = { type: "place", register, spec: "public", args, start: true };
    assertEquals(await guest.do(connection, place), "TypeError");
  });
});
