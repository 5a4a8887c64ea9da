import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { EventQueue } from "../../testing/event_queue.ts";
import { Random } from "../../testing/random.ts";

describe("EventQueue", () => {
  it("pop() returns events in the order of their times", () => {
    const random = new Random("1");
    for (let round = 0; round < 50; round++) {
      const queue = new EventQueue();
      const times = Array.from({ length: round }, () => random.integer(0, 30));
      for (const time of times) queue.push(time, () => {});
      const popped = Array.from({ length: round }, () => queue.pop()!.time);
      assertEquals(popped, times.sort((a, b) => a - b));
      assertEquals(queue.pop(), undefined);
      assertEquals(queue.size, 0);
    }
  });

  it("pop() returns events of one moment in the order in which they were added", () => {
    const queue = new EventQueue();
    const ran: number[] = [];
    for (let i = 0; i < 100; i++) queue.push(i % 3, () => ran.push(i));
    while (queue.size > 0) queue.pop()!.run();
    const expected = [0, 1, 2].flatMap((moment) =>
      Array.from({ length: 100 }, (_, i) => i).filter((i) => i % 3 === moment)
    );
    assertEquals(ran, expected);
  });

  it("keeps its order while events are added and removed", () => {
    const random = new Random("2");
    const queue = new EventQueue();
    let now = 0;
    for (let step = 0; step < 5_000; step++) {
      if (queue.size === 0 || random.chance(0.5)) {
        queue.push(now + random.integer(0, 50), () => {});
      } else {
        const next = queue.peek();
        const { time } = queue.pop()!;
        assertEquals(next!.time, time);
        assertEquals(time >= now, true);
        now = time;
      }
    }
  });
});
