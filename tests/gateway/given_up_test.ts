// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { encodeValue, registerId } from "../../lib/codec.ts";
import type { GuestConnection } from "../support/scripted_guest.ts";
import { ScriptedGuest } from "../support/scripted_guest.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";

/** Longer than a call is sent again after, in milliseconds. */
const LONG = 5_000;

/** A guest at `n1` that calls a singleton on `n3`, as the first ones of its channel. */
async function start() {
  const order: number[] = [];
  const spec = { id: "log", start: () => ({ add: (what: number) => order.push(what) }) };
  const options = { clients: true, guests: {}, hosts: [spec] };
  const cluster = await VirtualCluster.start(3, options);
  await cluster.pass(LONG);
  const { time, nodes: [, , host] } = cluster;
  const target = host.name("k", spec);
  assertEquals(await time.until(target.add(0)), 1);
  const place = await time.until(host.lookup(target));
  if (!place.ok) throw place.error;
  const { session } = place.value;
  const guest = new ScriptedGuest(cluster);
  const connection = await guest.connect("n1");
  await guest.renew(connection);
  const register = registerId("s", "log", "k");
  const read = await guest.do(connection, {
    type: "place",
    register,
    spec: "log",
    args: encodeValue([], 9),
    start: false,
  });
  if (typeof read === "string" || read.type !== "at") throw new Error(JSON.stringify(read));
  const about = { type: "call", register, session, token: read.token, method: "add" } as const;
  const birth = guest.clock;
  /** Sends the attempt of this number as the operation `number`; the guest waited for `open` when it made it. */
  const call = (
    sequence: number,
    number: number,
    open: number[],
    over: GuestConnection = connection,
  ) => {
    const numbers = {
      birth,
      sequence,
      done: open[0] === undefined ? sequence - 1 : open[0] - 1,
      open,
    };
    const args = encodeValue([sequence], 9);
    return over.run({ ...about, ...numbers, full: false, args }, { number, timeout: 0 });
  };
  return {
    ...{ cluster, guest, connection, order, call },
    [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
  };
}

describe("a call of a guest that was made after one that the guest gave up (section 13)", () => {
  it("does not wait for that one if no member ever got it", async () => {
    await using test = await start();
    const { cluster, guest, connection, order, call } = test;
    // It gave up the operation 12 on its way from a gateway to this one.
    [guest.done, guest.open] = [13, [11, 13]];
    call(1, 11, []);
    call(3, 13, [1, 2]);
    await cluster.pass(LONG);
    assertEquals(order, [0, 1, 3]);
    assertEquals(typeof connection.resultOf(13), "object");
  });

  it("waits as long as the other may still come to its gateway", async () => {
    await using test = await start();
    const { cluster, guest, order, call } = test;
    [guest.done, guest.open] = [13, [11, 12, 13]];
    call(1, 11, []);
    call(3, 13, [1, 2]);
    await cluster.pass(LONG);
    assertEquals(order, [0, 1]);
    call(2, 12, [1]);
    await cluster.pass(LONG);
    assertEquals(order, [0, 1, 2, 3]);
  });
});
