import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { type Called, isLinearizable } from "./history.ts";

/** `called` and `returned` count returns: the first return comes before a call with `called` 1. */
function call(
  kind: Called["operation"]["kind"],
  letter: string,
  called: number,
  returned: number | null,
  result = "",
): Called {
  return { client: 0, operation: { kind, letter, writers: 1 }, called, returned, result };
}

describe("isLinearizable()", () => {
  it("accepts a history that an order explains", () => {
    const first = call("put", "a", 0, 1, "a");
    assertEquals(isLinearizable([first, call("put", "b", 0, 2, "a")], ""), true);
    assertEquals(isLinearizable([first, call("read", "r", 1, 2, "a")], ""), true);
    assertEquals(isLinearizable([call("append", "b", 0, 1, "x")], "x"), true);
    const appends = [call("append", "a", 0, 2, "b"), call("append", "b", 0, 1, "")];
    assertEquals(isLinearizable(appends, ""), true);
  });

  it("refuses two winners, and a read that contradicts real time", () => {
    const first = call("put", "a", 0, 1, "a");
    assertEquals(isLinearizable([first, call("put", "b", 0, 2, "b")], ""), false);
    assertEquals(isLinearizable([first, call("read", "r", 1, 2, "")], ""), false);
    assertEquals(isLinearizable([first, call("read", "r", 0, 2, "")], ""), true);
    const lost = [call("append", "a", 0, 1, ""), call("append", "b", 1, 2, "")];
    assertEquals(isLinearizable(lost, ""), false);
  });

  it("permits an operation without a return to take effect or not", () => {
    const unknown = call("put", "a", 0, null);
    assertEquals(isLinearizable([unknown, call("read", "r", 0, 1, "a")], ""), true);
    assertEquals(isLinearizable([unknown, call("read", "r", 0, 1, "")], ""), true);
    const back = [unknown, call("read", "r", 0, 1, "a"), call("read", "s", 1, 2, "")];
    assertEquals(isLinearizable(back, ""), false);
  });

  it("refuses an effect of a put that returned that its owner had ended", () => {
    const lapsed = call("lapse", "a", 0, 1, "");
    assertEquals(isLinearizable([lapsed, call("read", "r", 1, 2, "")], ""), true);
    assertEquals(isLinearizable([lapsed, call("read", "r", 1, 2, "a")], ""), false);
  });
});
