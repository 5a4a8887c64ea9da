import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { TraceEvent } from "../../../mod.ts";
import { Tracing } from "../../../lib/node/runtime/tracing.ts";
import { systemRuntime } from "../../../lib/node/runtime/runtime.ts";
import { turn } from "../../support/wait.ts";

describe("Tracing", () => {
  const begin = (wallNow = () => 7) => {
    const failures: unknown[] = [];
    const runtime = { ...systemRuntime(), wallNow };
    return { failures, tracing: new Tracing(runtime, (error) => failures.push(error)) };
  };

  it("has nothing to call while there is no listener", () => {
    const { tracing } = begin();
    assertEquals(tracing.emit, undefined);
    const stops = [tracing.listen(() => {}), tracing.listen(() => {})];
    assertEquals(typeof tracing.emit, "function");
    for (const stop of stops) {
      stop();
      stop();
    }
    assertEquals(tracing.emit, undefined);
  });

  it("tells each listener, with the time", () => {
    const { tracing } = begin();
    const heard: TraceEvent[][] = [[], []];
    const stops = heard.map((events) => tracing.listen((event) => void events.push(event)));
    tracing.emit?.({ type: "vote" });
    stops[0]();
    tracing.emit?.({ type: "removed" });
    assertEquals(heard, [
      [{ type: "vote", at: 7 }],
      [{ type: "vote", at: 7 }, { type: "removed", at: 7 }],
    ]);
  });

  it("reports what a listener throws, or rejects with, and tells the others", async () => {
    const { tracing, failures } = begin();
    let heard = 0;
    const [thrown, rejected] = [new Error("thrown"), new Error("rejected")];
    tracing.listen(() => {
      throw thrown;
    });
    tracing.listen(() => Promise.reject(rejected) as unknown as void);
    tracing.listen(() => void heard++);
    tracing.emit?.({ type: "vote" });
    await turn();
    assertEquals([failures, heard], [[thrown, rejected], 1]);
  });
});
