import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { onAbort } from "../../../lib/node/runtime/on_abort.ts";
import { countedSignal } from "../../support/counted_signal.ts";

describe("onAbort()", () => {
  it("calls each callback once when the signal aborts, in order", () => {
    const aborter = new AbortController();
    const called: string[] = [];
    onAbort(aborter.signal, () => called.push("a"));
    onAbort(aborter.signal, () => called.push("b"));
    assertEquals(called, []);
    aborter.abort();
    aborter.abort();
    aborter.signal.dispatchEvent(new Event("abort"));
    assertEquals(called, ["a", "b"]);
  });

  it("calls the callback at once if the signal has aborted", () => {
    let calls = 0;
    const cancel = onAbort(AbortSignal.abort(), () => calls++);
    cancel();
    assertEquals(calls, 1);
  });

  it("does not call a callback that was cancelled, before or during the abort", () => {
    const aborter = new AbortController();
    const called: string[] = [];
    const cancelFirst = onAbort(aborter.signal, () => called.push("first"));
    onAbort(aborter.signal, () => {
      called.push("second");
      cancelThird();
    });
    const cancelThird = onAbort(aborter.signal, () => called.push("third"));
    cancelFirst();
    aborter.abort();
    assertEquals(called, ["second"]);
  });

  it("has one listener for all callbacks of a signal, and none without any", () => {
    const { signal, listeners } = countedSignal();
    const cancels = Array.from({ length: 20 }, () => onAbort(signal, () => {}));
    assertEquals(listeners(), 1);
    for (const cancel of cancels.slice(1)) cancel();
    assertEquals(listeners(), 1);
    cancels[0]();
    cancels[0]();
    assertEquals(listeners(), 0);
    let calls = 0;
    onAbort(signal, () => calls++);
    cancels[0](); // a late cancel takes nothing from others
    assertEquals([listeners(), calls], [1, 0]);
  });
});
