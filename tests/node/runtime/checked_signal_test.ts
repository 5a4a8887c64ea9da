import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { checkedSignal } from "../../../lib/node/runtime/checked_signal.ts";
import { reasonOf } from "../../support/expect.ts";

/** A signal for a state that ends with the call of `end`, regardless of timers. */
function signalOf() {
  const aborter = new AbortController();
  const reason = new Error("it is over");
  let isOver = false;
  let checks = 0;
  const signal = checkedSignal(aborter.signal, () => {
    checks++;
    if (isOver) aborter.abort(reason);
  });
  return { signal, reason, end: () => isOver = true, checks: () => checks };
}

describe("checkedSignal() (section 6)", () => {
  it("detects the end at the instant of reading", () => {
    const { signal, end } = signalOf();
    assertEquals(signal.aborted, false);
    end();
    assertEquals(signal.aborted, true);
  });

  it("notifies listeners once, when it detects the end", () => {
    const { signal, end } = signalOf();
    let told = 0;
    signal.addEventListener("abort", () => told++);
    assertEquals([signal.aborted, told], [false, 0]);
    end();
    assertEquals([signal.aborted, signal.aborted, told], [true, true, 1]);
  });

  it("throwIfAborted() throws the reason at the instant of the call", async () => {
    const { signal, end, reason } = signalOf();
    signal.throwIfAborted();
    end();
    assertEquals(await reasonOf((async () => await signal.throwIfAborted())()), reason);
  });

  it("makes no further check once it is over", () => {
    const { signal, end, checks } = signalOf();
    end();
    for (let i = 0; i < 3; i++) assertEquals(signal.aborted, true);
    assertEquals(checks(), 1);
  });
});
