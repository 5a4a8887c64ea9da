import { assertEquals, assertStrictEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Handovers } from "../../lib/kv/handovers.ts";
import type { HandoverReply } from "../../lib/paxos/messages.ts";

const LIFE = "-P70F6sqFhqk35ea00oQ";

/** A result with a value of `bytes` bytes. */
function result(token: number, bytes = 1): Promise<HandoverReply> {
  return Promise.resolve({
    type: "handed",
    outcome: "written",
    value: new Uint8Array(bytes),
    token,
  });
}

describe("Handovers", () => {
  it("runs an operation once, and returns the same result to a repeated request", async () => {
    const handovers = new Handovers<HandoverReply>();
    let runs = 0;
    const run = () => result(++runs);
    const first = handovers.once(`${LIFE}/1`, 1, run);
    assertStrictEquals(handovers.once(`${LIFE}/1`, 1, run), first);
    const reply = await first;
    assertStrictEquals(await handovers.once(`${LIFE}/1`, 1, run), reply);
    assertEquals(runs, 1);
  });

  it("runs each operation, also those of other lives with the same number", async () => {
    const handovers = new Handovers<HandoverReply>();
    const ran: number[] = [];
    for (const [token, op] of [`${LIFE}/1`, `${LIFE}/2`, "-P70F6sqFhqk35ea00oR/1"].entries()) {
      await handovers.once(op, 1, () => {
        ran.push(token);
        return result(token);
      });
    }
    assertEquals(ran, [0, 1, 2]);
  });

  it("never repeats a forgotten operation: it replies that the outcome is unknown", async () => {
    const handovers = new Handovers<HandoverReply>();
    // The limit is 16 MiB of results.
    for (let sequence = 1; sequence <= 40; sequence++) {
      await handovers.once(`${LIFE}/${sequence}`, sequence, () => result(sequence, 2 ** 20));
    }
    let ran = false;
    const reply = await handovers.once(`${LIFE}/1`, 1, () => {
      ran = true;
      return result(0);
    });
    assertEquals(ran, false);
    assertEquals(reply, undefined);
    const last = await handovers.once(`${LIFE}/40`, 40, () => result(0));
    assertEquals(last?.outcome === "written" && last.token, 40);
  });

  it("forgets the oldest of ten thousand results of any size", async () => {
    const handovers = new Handovers<HandoverReply>();
    for (let sequence = 1; sequence <= 10_001; sequence++) {
      void handovers.once(`${LIFE}/${sequence}`, sequence, () => result(sequence));
    }
    assertEquals(handovers.once(`${LIFE}/1`, 1, () => result(0)), undefined);
    assertEquals((await handovers.once(`${LIFE}/2`, 2, () => result(0)))?.outcome, "written");
  });

  it("remembers 10,000 of 100,000 lives, and runs the operation of the next one", async () => {
    const handovers = new Handovers<HandoverReply>();
    for (let n = 1; n <= 100_000; n++) {
      void handovers.once(`${LIFE}${n}/1`, n, () => result(n));
    }
    const again = (n: number) => handovers.once(`${LIFE}${n}/1`, n, () => result(0));
    assertEquals(again(90_000), undefined);
    assertEquals(await again(90_001), await result(90_001));
    // The life is unknown, so it may be one of the forgotten ones.
    assertEquals(handovers.once(`${LIFE}/1`, 5, () => result(0)), undefined);
    const next = await handovers.once(`${LIFE}/1`, 100_001, () => result(7));
    assertEquals(next?.outcome, "written");
  });
});
