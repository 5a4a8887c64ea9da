import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { onNetworkChange } from "../../../transports/link/network_change.ts";

describe("onNetworkChange()", () => {
  it("calls back at each event `online` of the global object, until it is ended", () => {
    // Node has no such events.
    if (typeof globalThis.addEventListener !== "function") return;
    let count = 0;
    const end = onNetworkChange(() => count++);
    globalThis.dispatchEvent(new Event("online"));
    globalThis.dispatchEvent(new Event("online"));
    end();
    globalThis.dispatchEvent(new Event("online"));
    assertEquals(count, 2);
  });

  it("does nothing where the platform does not tell", () => {
    onNetworkChange(() => {})();
  });
});
