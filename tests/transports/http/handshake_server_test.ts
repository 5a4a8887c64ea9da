import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { type AdmittedPeer, Authenticator } from "../../../transports/auth/authenticator.ts";
import { makeProof } from "../../../transports/auth/proof.ts";
import { HandshakeError } from "../../../transports/auth/handshake_error.ts";
import { HandshakeServer } from "../../../transports/http/handshake_server.ts";
import { testKeys } from "../support/networks.ts";
import { hello } from "./support/setup.ts";

/** Sends a hello, and makes the answer to the challenge. */
async function introduce(server: HandshakeServer): Promise<{ nonce: string; proof: string }> {
  const greeting = hello("c", "s");
  const answer = await server.handle(greeting);
  assert("challenge" in answer);
  const { challenge } = answer;
  const proof = await makeProof(await testKeys(), "connect", greeting, challenge);
  return { nonce: challenge.nonce, proof };
}

describe("HandshakeServer", () => {
  const authenticator = new Authenticator("s", "synod", { kind: "secret", keys: testKeys });

  it("admits the node that answers its challenge, once", async () => {
    const server = new HandshakeServer(authenticator);
    const answer = await introduce(server);
    assertEquals((await server.handle(answer) as AdmittedPeer).id, "c");
    await assertRejects(() => server.handle(answer), HandshakeError, "not requested");
  });

  it("refuses an answer to the challenge of another server", async () => {
    const answer = await introduce(new HandshakeServer(authenticator));
    await assertRejects(
      () => new HandshakeServer(authenticator).handle(answer),
      HandshakeError,
      "not requested",
    );
  });

  it("forgets the oldest challenge when there are too many, and keeps the later ones", async () => {
    const server = new HandshakeServer(authenticator);
    const [first, second] = [await introduce(server), await introduce(server)];
    for (let i = 0; i < 4_095; i++) await server.handle(hello("c", "s"));
    await assertRejects(() => server.handle(first), HandshakeError, "not requested");
    assertEquals((await server.handle(second) as AdmittedPeer).id, "c");
  });
});
