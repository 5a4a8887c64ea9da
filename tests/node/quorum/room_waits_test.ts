// Runs in Deno alone: pure.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { RoomWaits } from "../../../lib/node/quorum/room_waits.ts";
import type { WaitingChange } from "../../../lib/node/quorum/waiting_change.ts";

const waiting = (): WaitingChange => ({
  change: () => ({ draft: null, result: null }),
  wrote: false,
  operation: {} as WaitingChange["operation"],
  options: { deadline: Infinity },
});

describe("RoomWaits (section 8)", () => {
  it("each change waits for 5 s from when it lacked room first, whatever rounds it is part of", () => {
    const waits = new RoomWaits();
    const [first, second] = [waiting(), waiting()];
    const met = (now: number, ...changes: WaitingChange[]) => {
      waits.begin();
      const step = { do: "full", tidying: true, missing: ["c"] } as const;
      const failed = waits.met(changes, step, now);
      return changes.map((change) => failed.includes(change));
    };
    assertEquals(met(1_000, first), [false]);
    assertEquals(met(3_000, first, second), [false, false]);
    assertEquals(met(5_999, second, first), [false, false]);
    assertEquals(met(6_000, first, second), [true, false]);
    assertEquals(met(8_000, second), [true]);
    assertEquals([first.full?.code, first.full?.message.endsWith("are back: c")], ["full", true]);
  });

  it("a silence of 5 s, after which they wait anew, is none where the answers only take long", () => {
    for (const isSilent of [true, false]) {
      const waits = new RoomWaits();
      const change = waiting();
      const step = { do: "full", tidying: true, missing: [] } as const;
      assertEquals(waits.met([change], step, 1_000), []);
      if (isSilent) waits.over([change]);
      assertEquals(waits.met([change], step, 6_000), isSilent ? [] : [change]);
      assertEquals(change.full?.code, "full");
      // A shorter one goes on.
      waits.over([change]);
      assertEquals(change.full, undefined);
      assertEquals(waits.met([change], step, 10_999), isSilent ? [] : [change]);
      assertEquals(waits.met([change], step, 11_000), [change]);
    }
  });

  it("none waits where no room is made", () => {
    const change = waiting();
    const step = { do: "full", tidying: false, missing: [] } as const;
    assertEquals(new RoomWaits().met([change], step, 1_000), [change]);
  });

  it("the waits of one round double, three times", () => {
    const waits = new RoomWaits();
    assertEquals(Array.from({ length: 5 }, () => waits.next()), [0, 1, 2, 3, 3]);
    waits.begin();
    assertEquals(waits.next(), 0);
  });
});
