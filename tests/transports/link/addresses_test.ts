import { assert, assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { checkPeers } from "../../../transports/link/addresses.ts";

const SCHEMES = ["ws:", "wss:"];

/** The rule of a function of the user, as far as it is checked when it is asked. */
function ruleOf(peers: (id: string) => unknown): (id: string) => URL | null {
  const { peers: table, peerRule } = checkPeers("webSocket", peers, SCHEMES);
  assertEquals(table.size, 0);
  assert(peerRule !== null);
  return peerRule;
}

describe("checkPeers()", () => {
  it("without peers there is no address", () => {
    assertEquals(checkPeers("webSocket", undefined, SCHEMES), { peers: new Map(), peerRule: null });
  });

  it("reads a table, without slashes at the end and fragments", () => {
    const { peers, peerRule } = checkPeers(
      "webSocket",
      { a: "ws://host/synod//", b: new URL("wss://host/?key=1#part") },
      SCHEMES,
    );
    assertEquals(peerRule, null);
    assertEquals([...peers].map(([id, { href }]) => [id, href]), [
      ["a", "ws://host/synod"],
      ["b", "wss://host/?key=1"],
    ]);
  });

  it("asks a function each time, with the id", () => {
    const asked: string[] = [];
    const rule = ruleOf((id) => {
      asked.push(id);
      return asked.length === 1 ? `ws://${id}.example/` : new URL(`wss://${id}.example/synod/#x`);
    });
    assertEquals(rule("w1")?.href, "ws://w1.example/");
    assertEquals(rule("w1")?.href, "wss://w1.example/synod");
    assertEquals(asked, ["w1", "w1"]);
  });

  it("null is no address", () => {
    assertEquals(ruleOf(() => null)("w1"), null);
  });

  for (
    const [what, answer] of [
      ["nothing", () => undefined],
      ["text that is no URL", () => "w1.example"],
      ["another scheme", () => "https://w1.example"],
      ["a number", () => 80],
      ["a promise", () => Promise.resolve("ws://w1.example")],
      ["a promise that rejects", () => Promise.reject(new Error("asynchronous"))],
    ] as const
  ) {
    it(`refuses ${what} of a function, and names the peer`, () => {
      const error = assertThrows(() => ruleOf(answer)("w1"), TypeError);
      assert(
        error.message.startsWith(
          "webSocket: peers: the address of w1 must be a URL that begins with ws:// or wss://",
        ),
        error.message,
      );
    });
  }

  it("does not repeat what may be secret in an address", () => {
    const error = assertThrows(() => ruleOf(() => "x://user:secret@w1/?key=secret")("w1"));
    assertEquals((error as Error).message.includes("secret"), false);
  });

  it("says for which peer a function has failed, and why", () => {
    const cause = new RangeError("no such place");
    const error = assertThrows(
      () =>
        ruleOf(() => {
          throw cause;
        })("w1"),
      Error,
      "webSocket: peers has failed for w1: no such place",
    );
    assertEquals(error.cause, cause);
    const thrown = () => {
      throw "a text";
    };
    assertThrows(() => ruleOf(thrown)("w1"), Error, "webSocket: peers has failed for w1: a text");
  });
});
