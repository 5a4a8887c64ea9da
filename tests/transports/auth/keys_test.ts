import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { Authenticator } from "../../../transports/auth/authenticator.ts";
import { HandshakeClient } from "../../../transports/auth/handshake_client.ts";
import { type Keys, keysOf } from "../../../transports/auth/keys.ts";
import { sign } from "../../../transports/auth/mac.ts";
import { nodeToken } from "../../../transports/auth/node_token.ts";
import { verifyToken } from "../../../transports/auth/token.ts";
import { OTHER_SECRET, SECRET } from "../support/networks.ts";

/** What the keys sign, which tells them apart. */
async function prints(keys: Keys): Promise<string[]> {
  return await Promise.all([keys.connect, keys.accept, keys.token].map((key) => sign(key, "text")));
}

describe("keysOf()", () => {
  const original = crypto.subtle.deriveBits;
  let derived: number;

  beforeEach(() => {
    derived = 0;
    crypto.subtle.deriveBits = (algorithm: Pbkdf2Params, key: CryptoKey, length: number) => {
      derived++;
      return original.call(crypto.subtle, algorithm, key, length);
    };
  });

  afterEach(() => {
    crypto.subtle.deriveBits = original;
  });

  it("derives the same keys in every runtime", async () => {
    assertEquals(await prints(await keysOf(SECRET, "synod")), [
      "Zm1ghUrxH5jaytDjgdczMBwm1kl8IdKdPswQjIN7Qew",
      "aS0KNUXkBzbF4hQuv_qmTOaU998Zw5hIWwu13sJTgOM",
      "LSwnc3cUgBlrAqgXc4WT-FyaOyIh9Wm3EQlbfgWiWCk",
    ]);
  });

  it("derives keys that differ by purpose, secret and cluster", async () => {
    const all = [keysOf(SECRET, "synod"), keysOf(OTHER_SECRET, "synod"), keysOf(SECRET, "other")];
    const found = await Promise.all((await Promise.all(all)).map(prints));
    assertEquals(new Set(found.flat()).size, 9);
  });

  it("derives keys that cannot be exported", async () => {
    for (const key of Object.values(await keysOf(SECRET, "synod")) as CryptoKey[]) {
      assertEquals(key.extractable, false);
      await assertRejects(() => crypto.subtle.exportKey("raw", key));
      await assertRejects(() => crypto.subtle.exportKey("jwk", key));
    }
  });

  it("derives them once for each secret and cluster, also for many tokens", async () => {
    const secret = crypto.randomUUID();
    await Promise.all(Array.from({ length: 20 }, (_, i) => nodeToken({ secret, id: `n${i}` })));
    await nodeToken({ secret, id: "later" });
    assertEquals(derived, 1);
    await nodeToken({ secret, id: "later", cluster: "other" });
    assertEquals(derived, 2);
  });

  it("remembers the keys of 16 secrets", async () => {
    const secrets = Array.from({ length: 17 }, () => crypto.randomUUID());
    for (const secret of secrets) await keysOf(secret, "synod");
    await keysOf(secrets[16], "synod");
    assertEquals(derived, 17);
    await keysOf(secrets[0], "synod");
    assertEquals(derived, 18);
  });

  it("tries again after a failure", async () => {
    const secret = crypto.randomUUID();
    const counting = crypto.subtle.deriveBits;
    crypto.subtle.deriveBits = () => Promise.reject(new Error("no entropy today"));
    await assertRejects(() => keysOf(secret, "synod"), Error, "no entropy today");
    crypto.subtle.deriveBits = counting;
    await keysOf(secret, "synod");
  });
});

describe("a secret", () => {
  const bytes = "nM5sT8vXqK2jR7wZfLcY4hBd";
  for (
    const mark of ["PRIVATE", "PUBLIC", "-----BEGIN PRIVATE KEY-----", "\n", "\u00e9\u{1F511}"]
  ) {
    it(`may contain ${JSON.stringify(mark)}`, async () => {
      const secret = `${bytes}${mark}${bytes.toUpperCase()}`;
      const keys = () => keysOf(secret, "app");
      const token = await nodeToken({ secret, cluster: "app", id: "n1" });
      assertEquals((await verifyToken(token, await keys(), "app")).sub, "n1");

      const accepting = new Authenticator("s", "app", { kind: "secret", keys });
      const connecting = new HandshakeClient("c", "s", "app", { kind: "secret", keys });
      const answer = await accepting.answerHello(await connecting.hello());
      assert("challenge" in answer);
      const admitted = await accepting.verifyProof(
        answer,
        await connecting.answer(answer.challenge),
      );
      await connecting.welcomed(admitted);
    });
  }
});
