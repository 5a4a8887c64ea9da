import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertMatch, assertNotEquals, assertThrows } from "@std/assert";
import {
  isChallenge,
  isHello,
  isProof,
  makeNonce,
  MAX_HANDSHAKE_BYTES,
  parseHandshake,
  VERSION,
} from "../../../transports/auth/handshake.ts";
import { HandshakeError } from "../../../transports/auth/handshake_error.ts";

const NONCE = "0123456789abcdef".repeat(2);
const HELLO = { synod: VERSION, cluster: "c", id: "a", to: "b", nonce: NONCE };
const PROOF = "x".repeat(43);

/** What a peer may send in place of an object with fields. */
const OTHERS: readonly unknown[] = [null, undefined, 5, "hello", true, [], {}];

describe("messages of the handshake", () => {
  it("a hello names both nodes, the cluster and a nonce; a token is refused later", () => {
    assertEquals([isHello(HELLO), isHello({ ...HELLO, token: "t" })], [true, true]);
    for (const other of OTHERS) assertEquals(isHello(other), false);
    for (
      const [name, value] of [
        ["cluster", 5],
        ["id", "a/b"],
        ["id", "~a"],
        ["to", ""],
        ["nonce", NONCE.slice(1)],
        ["nonce", NONCE.toUpperCase()],
        ["nonce", `${NONCE}0`],
        ["synod", "2"],
      ] as const
    ) {
      assertEquals(isHello({ ...HELLO, [name]: value }), false, `${name}: ${value}`);
    }
  });

  it("a hello of another version is refused with both versions", () => {
    const text = `this node speaks version ${VERSION} of the handshake, not 1`;
    assertThrows(() => isHello({ ...HELLO, synod: 1 }), HandshakeError, text);
    assertThrows(() => isHello({ synod: 1 }), HandshakeError, text);
  });

  it("a challenge has an id and a nonce, a proof a code", () => {
    assertEquals([isChallenge({ id: "a", nonce: NONCE }), isProof({ proof: PROOF })], [true, true]);
    for (const other of OTHERS) assertEquals([isChallenge(other), isProof(other)], [false, false]);
    assertEquals(isChallenge({ id: "a b", nonce: NONCE }), false);
    assertEquals(isChallenge({ id: "a", nonce: 5 }), false);
    for (const proof of [PROOF.slice(1), `${PROOF}x`, `${PROOF.slice(1)}+`, `${PROOF}\n`, 5]) {
      assertEquals(isProof({ proof }), false, `${proof}`);
    }
  });

  it("are JSON of bounded length; anything else is undefined", () => {
    assertEquals(parseHandshake(JSON.stringify(HELLO)), HELLO);
    assertEquals([parseHandshake("{"), parseHandshake("")], [undefined, undefined]);
    const long = (length: number) => `"${"x".repeat(length - 2)}"`;
    assertEquals(typeof parseHandshake(long(MAX_HANDSHAKE_BYTES)), "string");
    assertEquals(parseHandshake(long(MAX_HANDSHAKE_BYTES + 1)), undefined);
  });

  it("each nonce is another one, of 128 bits", () => {
    const [one, other] = [makeNonce(), makeNonce()];
    assertMatch(one, /^[0-9a-f]{32}$/);
    assertNotEquals(one, other);
  });
});
