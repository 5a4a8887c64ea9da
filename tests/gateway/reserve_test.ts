// Runs in Deno alone: virtual time.
import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { decodeFrame, encodeValue, registerId } from "../../lib/codec.ts";
import type { GuestOperation } from "../../lib/codec/guest_messages.ts";
import type { RegisterId } from "../../lib/paxos/register.ts";
import { tapped, type TappedTransport } from "../support/tapped_transport.ts";
import { ScriptedGuest, UNLABELED } from "../support/scripted_guest.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";

const key = registerId("k", undefined, "a");
const lock = registerId("l", undefined, "a");
const PUT: GuestOperation = {
  ...{ type: "put", register: key, value: encodeValue(1, 100) },
  bindings: [{ type: "ownPid", session: 1, seq: 1 }],
};
const LOCK: GuestOperation = {
  ...{ type: "lock", register: lock, session: 1, seq: 1 },
  ...{ mode: "exclusive", ifAvailable: false, steal: false, ...UNLABELED },
};

/** For each `prepare` of a register among these frames, whether it may use the reserve. */
function reserves(frames: readonly Uint8Array[], register: RegisterId): boolean[] {
  return frames.flatMap((bytes) => {
    const decoded = decodeFrame(bytes);
    assert(decoded.ok);
    return decoded.frame.requests.flatMap((request) =>
      request.type === "prepare" && request.register === register ? [request.reserve === true] : []
    );
  });
}

describe("what a guest releases while members are full (sections 8 and 13)", () => {
  for (
    const [what, register, taking, releasing] of [
      ["key", key, PUT, { type: "release", register: key, session: 1, seq: 1, unsure: false }],
      ["lock", lock, LOCK, {
        type: "unlock",
        register: lock,
        session: 1,
        request: 1,
        unsure: false,
      }],
    ] as const
  ) {
    it(`a ${what}: members are told that this may use their reserve, and that taking it may not`, async () => {
      let sent: TappedTransport["sent"] = [];
      const options = { clients: true, guests: {} };
      await using cluster = await VirtualCluster.start(3, options, (transport, id) => {
        const tap = tapped(transport);
        if (id === "n1") sent = tap.sent;
        return tap;
      });
      await cluster.pass(5_000);
      const guest = new ScriptedGuest(cluster);
      const connection = await guest.connect("n1");
      assert(await guest.renew(connection));
      sent.length = 0;
      await guest.do(connection, taking);
      assertEquals(reserves(sent, register), [false, false]);
      sent.length = 0;
      assertEquals(await guest.do(connection, releasing), { type: "done" });
      assertEquals(reserves(sent, register), [true, true]);
    });
  }
});
