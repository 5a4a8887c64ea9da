import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { checkGuests } from "../../lib/gateway/options.ts";

describe("checkGuests()", () => {
  it("takes no guests unless it is told to", () => {
    assertEquals([checkGuests(undefined, true), checkGuests(false, false)], [null, null]);
  });

  it("has bounds for everything, each of which can be given", () => {
    const authorize = () => true;
    const given = checkGuests({ authorize, limits: { locks: 7, calls: undefined } }, true);
    assertStrictEquals(given?.authorize, authorize);
    assertEquals(given?.limits, {
      guests: 10_000,
      locks: 7,
      keys: 1_000,
      watches: 100,
      calls: 100,
      operations: 1_000,
      operationsPerSecond: 500,
      bytesPerSecond: 4_194_304,
    });
    assertEquals(checkGuests({}, true)?.authorize, null);
    assertEquals(checkGuests({}, true)?.limits.locks, 100);
  });

  const wrong: [guests: unknown, why: string][] = [
    [true, "guests must be false or { authorize, limits }, received true"],
    [null, "received null"],
    [[], "received an array"],
    [{ limit: {} }, "unknown option limit; did you mean limits?"],
    [{ authorize: "all" }, 'guests.authorize must be a function, received "all"'],
    [{ limits: 5 }, "guests.limits must be an object, received 5"],
    [{ limits: { lock: 5 } }, "unknown option lock; did you mean locks?"],
    [{ limits: { locks: 0 } }, "guests.limits.locks must be a positive integer, received 0"],
    [{ limits: { keys: 1.5 } }, "received 1.5"],
    [{ limits: { calls: "5" } }, 'received "5"'],
    [{ limits: { guests: Infinity } }, "received Infinity"],
  ];
  for (const [guests, why] of wrong) {
    it(`refuses with ${JSON.stringify(why)}`, () => {
      const { message } = assertThrows(() => checkGuests(guests, true), TypeError, why);
      assertEquals(message.startsWith("Cannot join: guests"), true, message);
    });
  }

  it("refuses guests where clients are not let in", () => {
    assertThrows(() => checkGuests({}, false), TypeError, "guests need clients: true");
  });
});
