import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { RemoteClock } from "./remote_clock.ts";

describe("RemoteClock", () => {
  it("has no bounds before the first exchange", () => {
    const clock = new RemoteClock();
    assertEquals(clock.earliest(5), -Infinity);
    assertEquals(clock.latest(5), Infinity);
  });

  it("places a remote event between the local times before and after it", () => {
    const clock = new RemoteClock();
    // The remote clock is 100 behind.
    clock.seen(1000, 901, 902, 1005);
    assertEquals(clock.earliest(901), 1000);
    assertEquals(clock.latest(902), 1005);
    assertEquals(clock.uncertainty, 4);
  });

  it("tightens its bounds with each exchange, and ignores a long one", () => {
    const clock = new RemoteClock();
    clock.seen(1000, 901, 901, 1005);
    clock.seen(2000, 1900, 1901, 2001.5);
    assertEquals([clock.earliest(1900), clock.latest(1900)], [2000, 2000.5]);
    clock.seen(3000, 2999, 3999, 9000); // the process was stopped before and after the event
    assertEquals([clock.earliest(1900), clock.latest(1900)], [2000, 2000.5]);
  });

  it("throws if the clocks run at different rates", () => {
    const clock = new RemoteClock();
    clock.seen(1000, 900, 901, 1001.5);
    assertThrows(() => clock.seen(2000, 1850, 1851, 2001), RangeError);
  });

  it("is right about another thread of this process, whose clock started later", async () => {
    const code = "onmessage = ({ data }) => postMessage([data, performance.now()]);";
    const worker = new Worker(URL.createObjectURL(new Blob([code])), { type: "module" });
    const clock = new RemoteClock();
    for (let i = 0; i < 20; i++) {
      const before = performance.now();
      const there = await new Promise<number>((resolve) => {
        worker.onmessage = ({ data }) => resolve(data[1]);
        worker.postMessage(i);
      });
      clock.seen(before, there, there, performance.now());
    }
    worker.terminate();
    assert(clock.uncertainty >= 0 && clock.uncertainty < 1_000);
  });
});
