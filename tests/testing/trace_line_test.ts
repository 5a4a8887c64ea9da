import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import type { UntimedEvent } from "../../lib/trace.ts";
import { traceLine } from "../../testing/trace_line.ts";

const line = (event: UntimedEvent) => traceLine({ at: 0, ...event });
const pid = { node: "a", session: "a/life/1", seq: 3 };
const ballot = { counter: 1, life: "life" };

describe("traceLine()", () => {
  it("shows what a field says, without what says nothing", () => {
    assertEquals(
      line({
        ...{ type: "lock.granted", key: ["door", 7n], pid, request: 9, mode: "exclusive" },
        ...{ label: null, token: 12, waited: 3.14159 },
      } as UntimedEvent),
      'lock.granted key ["door","7n"], pid a/3, mode "exclusive", token 12, waited 3.1',
    );
    assertEquals(line({ type: "vote" }), "vote");
    const endless = line({ type: "error", code: null, message: "x".repeat(1_000) });
    assertEquals(endless?.length, "error message ".length + 80);
  });

  it("shows what was written under a key, and leaves out the steps to it", () => {
    const chosen = (kind: "key" | "cell" | "lock", written: boolean) =>
      line({
        ...{ type: "proposal.chosen", register: { kind, bucket: "jobs", key: "x" }, ballot },
        ...{ token: 5, written, changes: 1, roundTrips: 2, duration: 4 },
      } as UntimedEvent);
    assertEquals(chosen("key", true), 'has written the key jobs/"x", token 5');
    assertEquals(chosen("cell", true), 'has written the cell jobs/"x", token 5');
    assertEquals([chosen("key", false), chosen("lock", true)], [null, null]);
    const register = { kind: "key", bucket: null, key: "x" } as const;
    assertEquals(line({ type: "proposal.prepare", register, ballot }), null);
  });
});
