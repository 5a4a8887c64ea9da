import { assertEquals, assertRejects } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { Challenge, Hello } from "../../../transports/auth/handshake.ts";
import { HandshakeError } from "../../../transports/auth/handshake_error.ts";
import { keysOf } from "../../../transports/auth/keys.ts";
import { checkProof, makeProof } from "../../../transports/auth/proof.ts";
import { OTHER_SECRET, SECRET } from "../support/networks.ts";

const keys = await keysOf(SECRET, "app");

const HELLO: Hello = {
  synod: 2,
  cluster: "app",
  id: "c",
  to: "s",
  nonce: "0123456789abcdef0123456789abcdef",
};
const CHALLENGE: Challenge = { id: "s", nonce: "fedcba9876543210fedcba9876543210" };

describe("makeProof() and checkProof()", () => {
  it("agree for each side", async () => {
    for (const side of ["connect", "accept"] as const) {
      const proof = await makeProof(keys, side, HELLO, CHALLENGE);
      assertEquals(proof, await makeProof(keys, side, { ...HELLO }, { ...CHALLENGE }));
      await checkProof(proof, keys, side, HELLO, CHALLENGE);
    }
  });

  it("differ in each field that both sides must have seen alike, in the side and in the keys", async () => {
    const proof = await makeProof(keys, "connect", HELLO, CHALLENGE);
    const refuses = (...[by, side, hello, challenge]: Parameters<typeof makeProof>) =>
      assertRejects(() => checkProof(proof, by, side, hello, challenge), HandshakeError);
    await refuses(keys, "accept", HELLO, CHALLENGE);
    for (const [secret, cluster] of [[OTHER_SECRET, "app"], [SECRET, "apps"]]) {
      await refuses(await keysOf(secret, cluster), "connect", HELLO, CHALLENGE);
    }
    for (const name of ["cluster", "id", "to", "nonce"] as const) {
      await refuses(keys, "connect", { ...HELLO, [name]: `${HELLO[name]}0` }, CHALLENGE);
    }
    for (const name of ["id", "nonce"] as const) {
      await refuses(keys, "connect", HELLO, { ...CHALLENGE, [name]: `${CHALLENGE[name]}0` });
    }
  });

  it("keep fields apart: text cannot move from one to its neighbour", async () => {
    const proof = await makeProof(keys, "connect", { ...HELLO, id: "ab", to: "c" }, CHALLENGE);
    const moved = { ...HELLO, id: "a", to: "bc" };
    await assertRejects(() => checkProof(proof, keys, "connect", moved, CHALLENGE), HandshakeError);
  });
});
