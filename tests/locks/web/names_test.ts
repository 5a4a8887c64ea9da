/** Names: any DOMString, compared code unit by code unit. */
import { assert, assertEquals, assertInstanceOf, assertStrictEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { reasonOf } from "../../support/expect.ts";
import { hold, webLocks } from "../support/web_locks.ts";

/** No two of them are the same string. */
const NAMES = [
  "",
  " ",
  "\0",
  "a\0b",
  "a",
  "A",
  "a ",
  "1",
  "null",
  "undefined",
  "[object Object]",
  "__proto__",
  "constructor",
  "../other",
  "https://example.org/a?b#c",
  "line\nbreak\r\n",
  "ä", // one character
  "a\u0308", // two that look like it
  "\u1e9b\u0323", // and what normalization would change
  "\u1e69",
  "日本語",
  "\u{1f512}", // outside of the basic multilingual plane
  "\ud83d", // its first half
  "\udd12", // its second half
  "\udd12\ud83d", // both, the wrong way round
  "\ud800",
  "\udfff",
  "a\ud800b",
  "\ufffd", // what decoders make of lone surrogates
  "\uffff",
  "\ufeff",
  "x".repeat(4_000),
  `${"x".repeat(3_999)}y`,
];

describe("the name of a lock", () => {
  const web = webLocks();

  it("may be any string, and is returned unchanged, also on another node", async () => {
    for (const name of NAMES) {
      const held = await hold((callback) => web.here.request(name, callback));
      assertStrictEquals(held.lock.name, name);
      const got = await web.there.request(name, { ifAvailable: true }, (lock) => lock);
      assertStrictEquals(got, null, JSON.stringify(name));
      assertEquals((await web.there.query()).held.map((lock) => lock.name), [name]);
      await held.release();
    }
  });

  it("is another name if a single code unit differs", async () => {
    assertEquals(new Set(NAMES).size, NAMES.length);
    const holdings = await Promise.all(
      NAMES.map((name) => hold((callback) => web.here.request(name, callback))),
    );
    assert(holdings.every(({ lock }) => lock.held));
    const { held } = await web.there.query();
    assertEquals(held.map(({ name }) => name).sort(), NAMES.toSorted());
    for (const holding of holdings) await holding.release();
  });

  it("of more than four thousand bytes is a TypeError", async () => {
    assertInstanceOf(await reasonOf(web.here.request("x".repeat(5_000), () => {})), TypeError);
  });
});
