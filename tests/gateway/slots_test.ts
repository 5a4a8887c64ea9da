import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertRejects } from "@std/assert";
import { Slots } from "../../lib/gateway/slots.ts";
import { Operations } from "../../lib/node/engine/operations.ts";
import { VirtualTime } from "../support/virtual_time.ts";
import { turn } from "../support/wait.ts";

/** Begins operations that wait for a place. */
function waits(signal?: AbortSignal) {
  const operations = new Operations(new VirtualTime().runtime);
  return () => operations.begin<void>({ deadline: Infinity, signal }, () => new Error("late"));
}

describe("Slots", () => {
  it("run as many at a time as there are, and the others in order", async () => {
    const slots = new Slots(2);
    const begun: number[] = [];
    const ends: (() => void)[] = [];
    const ran = [0, 1, 2, 3].map((number) =>
      slots.run(async () => {
        begun.push(number);
        await new Promise<void>((resolve) => ends[number] = resolve);
        return number;
      }, waits())
    );
    // Those that have a place begin at once.
    assertEquals(begun, [0, 1]);
    ends[1]();
    await turn();
    assertEquals(begun, [0, 1, 2]);
    ends[0]();
    await turn();
    for (const end of ends) end();
    assertEquals(await Promise.all(ran), [0, 1, 2, 3]);
  });

  it("begin what takes several places as soon as one is free", async () => {
    const slots = new Slots(3);
    const begun: number[] = [];
    const ends: (() => void)[] = [];
    for (const [number, places] of [2, 5, 1, 3, 1].entries()) {
      void slots.run(
        async () => {
          begun.push(number);
          await new Promise<void>((resolve) => ends[number] = resolve);
        },
        waits(),
        places,
      );
    }
    assertEquals(begun, [0, 1]);
    ends[0]();
    await turn();
    assertEquals(begun, [0, 1]);
    ends[1]();
    await turn();
    assertEquals(begun, [0, 1, 2, 3]);
    ends[2]();
    await turn();
    assertEquals(begun, [0, 1, 2, 3]);
    ends[3]();
    await turn();
    assertEquals(begun, [0, 1, 2, 3, 4]);
  });

  it("give the place of what fails to the next one", async () => {
    const slots = new Slots(1);
    const failed = slots.run(() => Promise.reject(new Error("no")), waits());
    const next = slots.run(() => Promise.resolve("next"), waits());
    await assertRejects(() => failed, Error, "no");
    assertEquals(await next, "next");
    assertEquals(await slots.run(() => Promise.resolve("last"), waits()), "last");
  });

  it("keep no place for what waits no longer", async () => {
    const slots = new Slots(1);
    let end = () => {};
    const first = slots.run(() => new Promise<void>((resolve) => end = resolve), waits());
    const aborter = new AbortController();
    let begun = 0;
    const given = slots.run(() => Promise.resolve(begun++), waits(aborter.signal));
    const next = slots.run(() => Promise.resolve("next"), waits());
    aborter.abort(new Error("given up"));
    await assertRejects(() => given, Error, "given up");
    end();
    await first;
    assertEquals([await next, begun], ["next", 0]);
    // Also if it waits no longer before it has begun to wait.
    const held = slots.run(() => new Promise<void>((resolve) => end = resolve), waits());
    await assertRejects(
      () => slots.run(() => Promise.resolve(begun++), waits(aborter.signal)),
      Error,
      "given up",
    );
    end();
    await held;
    assertEquals([await slots.run(() => Promise.resolve("last"), waits()), begun], ["last", 0]);
  });
});
