import { assertEquals, assertMatch, assertNotEquals, assertRejects } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { Credentials } from "../../../transports/auth/credentials.ts";
import { HandshakeClient } from "../../../transports/auth/handshake_client.ts";
import { HandshakeError } from "../../../transports/auth/handshake_error.ts";
import { keysOf } from "../../../transports/auth/keys.ts";
import { checkProof, makeProof } from "../../../transports/auth/proof.ts";
import { OTHER_SECRET, SECRET } from "../support/networks.ts";

const keys = () => keysOf(SECRET, "app");

const CHALLENGE = { id: "s", nonce: "fedcba9876543210fedcba9876543210" };

const client = (credentials: Credentials) => new HandshakeClient("c", "s", "app", credentials);

const secret: Credentials = { kind: "secret", keys };
const insecure: Credentials = { kind: "insecure" };

const refuses = (call: () => Promise<unknown>, why: string) =>
  assertRejects(call, HandshakeError, why);

describe("HandshakeClient: hello()", () => {
  it("names both nodes, the cluster and the version, with a new nonce each time", () => {
    const [one, two] = [client(secret).hello(), client(secret).hello()];
    const { nonce, ...rest } = one;
    assertEquals(rest, { synod: 2, cluster: "app", id: "c", to: "s" });
    assertMatch(nonce, /^[0-9a-f]{32}$/);
    assertNotEquals(nonce, two.nonce);
  });
});

describe("HandshakeClient: answer()", () => {
  it("proves that this side has the secret", async () => {
    const one = client(secret);
    const hello = one.hello();
    const { proof } = await one.answer(CHALLENGE);
    await checkProof(proof, await keys(), "connect", hello, CHALLENGE);
  });

  it("refuses a challenge before the hello, a second one, and what is none", async () => {
    await refuses(() => client(secret).answer(CHALLENGE), "violates the handshake");
    const one = client(secret);
    one.hello();
    for (const other of [null, {}, { id: "s" }, { ...CHALLENGE, id: "a b" }, "challenge"]) {
      await refuses(() => one.answer(other), "violates the handshake");
    }
    await one.answer(CHALLENGE);
    await refuses(() => one.answer(CHALLENGE), "violates the handshake");
  });

  it("refuses to prove anything without the secret", async () => {
    const one = client(insecure);
    one.hello();
    await refuses(() => one.answer(CHALLENGE), "this node has no secret");
  });
});

describe("HandshakeClient: welcomed()", () => {
  const started = async () => {
    const one = client(secret);
    const hello = one.hello();
    await one.answer(CHALLENGE);
    return { one, hello };
  };

  it("takes the proof of the other side", async () => {
    const { one, hello } = await started();
    await one.welcomed({ proof: await makeProof(await keys(), "accept", hello, CHALLENGE) });
  });

  it("refuses its own proof, one of another secret, and none", async () => {
    const { one, hello } = await started();
    const mirrored = await makeProof(await keys(), "connect", hello, CHALLENGE);
    const others = await keysOf(OTHER_SECRET, "app");
    const strange = await makeProof(others, "accept", hello, CHALLENGE);
    for (const proof of [mirrored, strange]) {
      await refuses(() => one.welcomed({ proof }), "not made with the secret");
    }
    for (const welcome of [null, {}, { proof: "short" }, "welcome"]) {
      await refuses(() => one.welcomed(welcome), "has not proven");
    }
  });

  it("refuses a welcome without a challenge", async () => {
    const one = client(secret);
    const hello = one.hello();
    const proof = await makeProof(await keys(), "accept", hello, CHALLENGE);
    await refuses(() => one.welcomed({ proof }), "has not proven");
  });

  it("takes any welcome without the secret", async () => {
    const one = client(insecure);
    one.hello();
    await one.welcomed({ welcome: true });
  });
});
