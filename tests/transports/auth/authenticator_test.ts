import { beforeEach, describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Credentials } from "../../../transports/auth/credentials.ts";
import {
  type AdmittedPeer,
  Authenticator,
  type Challenged,
} from "../../../transports/auth/authenticator.ts";
import type { Challenge, Hello } from "../../../transports/auth/handshake.ts";
import { HandshakeClient } from "../../../transports/auth/handshake_client.ts";
import { type Keys, keysOf } from "../../../transports/auth/keys.ts";
import { nodeToken } from "../../../transports/auth/node_token.ts";
import { makeProof, type Side } from "../../../transports/auth/proof.ts";
import { HandshakeError } from "../../../transports/auth/handshake_error.ts";
import { OTHER_SECRET, SECRET } from "../support/networks.ts";

const keys = (): Promise<Keys> => keysOf(SECRET, "app");
const secret: Credentials = { kind: "secret", keys };
const other: Credentials = { kind: "secret", keys: () => keysOf(OTHER_SECRET, "app") };
const insecure: Credentials = { kind: "insecure" };

/** The message as it arrives at the other side. */
const sent = <T>(message: T): T => JSON.parse(JSON.stringify(message));

const authenticatorOf = (credentials: Credentials, id = "s") =>
  new Authenticator(id, "app", credentials);

const proofOf = async (side: Side, hello: Hello, challenge: Challenge, by = keys) => ({
  proof: await makeProof(await by(), side, hello, challenge),
});

async function challenged(accepting: Authenticator, hello: Hello): Promise<Challenged> {
  const answer = await accepting.answerHello(sent(hello));
  assert("challenge" in answer, "admitted without a proof");
  return answer;
}

/** Runs the whole handshake of `connecting` with `accepting`. */
async function meet(accepting: Authenticator, connecting: HandshakeClient): Promise<AdmittedPeer> {
  let answer = await accepting.answerHello(sent(connecting.hello()));
  if ("challenge" in answer) {
    answer = await accepting.verifyProof(
      answer,
      sent(await connecting.answer(sent(answer.challenge))),
    );
  }
  await connecting.welcomed(sent({ proof: answer.proof }));
  return answer;
}

describe("Authenticator and HandshakeClient", () => {
  let accepting: Authenticator;
  const connecting = (credentials: Credentials, id = "c", cluster = "app") =>
    new HandshakeClient(id, "s", cluster, credentials);
  const refusesToMeet = async (
    accepting: Authenticator,
    connecting: HandshakeClient,
    why: string,
  ) => {
    await assertRejects(() => meet(accepting, connecting), HandshakeError, why);
  };

  beforeEach(() => {
    accepting = authenticatorOf(secret);
  });

  it("two nodes with the secret admit each other", async () => {
    assertEquals((await meet(accepting, connecting(secret))).id, "c");
  });

  it("a hello with a token is refused: that makes a guest (section 13)", async () => {
    const token = await nodeToken({ secret: SECRET, cluster: "app", id: "c" });
    for (const guarded of [accepting, authenticatorOf(insecure)]) {
      const hello = { ...connecting(secret).hello(), token };
      await assertRejects(() => guarded.answerHello(hello), HandshakeError, "makes a guest");
    }
  });

  it("two insecure nodes admit each other", async () => {
    const open = authenticatorOf(insecure);
    assertEquals(await meet(open, connecting(insecure)), { id: "c" });
  });

  it("a malformed hello is refused", async () => {
    const hello = connecting(secret).hello();
    const others: unknown[] = [null, undefined, 1, "hello", [], {}, { ...hello, synod: 3 }];
    for (const key of Object.keys(hello)) {
      others.push({ ...hello, [key]: undefined }, { ...hello, [key]: 1.5 }, {
        ...hello,
        [key]: {},
      });
    }
    others.push({ ...hello, id: "*" }, { ...hello, id: "" }, { ...hello, nonce: "abc" });
    for (const message of others) {
      await assertRejects(() => accepting.answerHello(message), HandshakeError);
    }
  });

  it("a hello of another version is refused with the version of this node", async () => {
    const hello = { ...connecting(secret).hello(), synod: 1 };
    await assertRejects(() => accepting.answerHello(hello), HandshakeError, "version 2");
  });

  it("another cluster is refused, even if neither side has a secret", async () => {
    await refusesToMeet(accepting, connecting(secret, "c", "other"), "another cluster");
    const open = authenticatorOf(insecure);
    await refusesToMeet(open, connecting(insecure, "c", "other"), "another cluster");
  });

  it("a hello for another node, or from the id of this node, is refused", async () => {
    await refusesToMeet(authenticatorOf(secret, "t"), connecting(secret), "this is the node t");
    await refusesToMeet(accepting, connecting(secret, "s"), "that id itself");
  });

  it("a hello gets nothing that depends on the secret", async () => {
    const hello = connecting(other).hello();
    for (let i = 0; i < 3; i++) {
      const { challenge } = await challenged(accepting, hello);
      assertEquals(Object.keys(challenge), ["id", "nonce"]);
      assertEquals(challenge.id, "s");
    }
    const { challenge } = await challenged(accepting, hello);
    const again = await challenged(accepting, hello);
    assert(challenge.nonce !== again.challenge.nonce);
  });

  it("the accepting side refuses another secret", async () => {
    await refusesToMeet(accepting, connecting(other), "not made with the secret");
    const answer = await challenged(accepting, connecting(other).hello());
    for (const message of [{}, { proof: "" }, { proof: 1 }, null, "proof"]) {
      await assertRejects(() => accepting.verifyProof(answer, message), HandshakeError, "no proof");
    }
    for (const proof of ["A".repeat(43), `${"A".repeat(42)}B`]) {
      await assertRejects(
        () => accepting.verifyProof(answer, { proof }),
        HandshakeError,
        "not made with",
      );
    }
  });

  it("no node without the secret is admitted", async () => {
    await refusesToMeet(accepting, connecting(insecure), "no secret");
  });

  it("a node with the secret refuses a peer without it", async () => {
    await refusesToMeet(authenticatorOf(insecure), connecting(secret), "has not proven");
    await assertRejects(() => connecting(secret).welcomed({}), HandshakeError, "has not proven");
  });

  it("a proof is not valid for another connection, node, cluster or side", async () => {
    const hello = connecting(secret).hello();
    const first = await challenged(accepting, hello);
    const proof = await proofOf("connect", hello, first.challenge);
    const admitted = await accepting.verifyProof(first, proof);
    const refuses = async (answer: Challenged, proof: unknown, by = accepting) => {
      await assertRejects(
        () => by.verifyProof(answer, proof),
        HandshakeError,
        "not made with the secret",
      );
    };
    // The same hello again: the nonce of the accepting side differs.
    await refuses(await challenged(accepting, hello), proof);
    // Under another id, in another cluster, at another node, and with another hello.
    for (
      const other of [{ id: "d" }, { cluster: "other" }, { to: "t" }, { nonce: "0".repeat(32) }]
    ) {
      await refuses({ ...first, hello: { ...hello, ...other } }, proof);
    }
    // The proof of the accepting side itself, sent back to it.
    await refuses(first, { proof: admitted.proof });
    // The keys of another cluster with the same secret.
    const elsewhere = () => keysOf(SECRET, "other");
    await refuses(first, await proofOf("connect", hello, first.challenge, elsewhere));
  });

  it("the proof of a server is not valid for another server, or for a later connection", async () => {
    const meetAs = async (client: HandshakeClient) => {
      const answer = await challenged(accepting, client.hello());
      return {
        answer,
        welcome: await accepting.verifyProof(answer, await client.answer(answer.challenge)),
      };
    };
    const client = connecting(secret);
    const { answer, welcome } = await meetAs(client);
    // Recorded, and replayed to the same client when it connects again.
    const later = connecting(secret);
    later.hello();
    await later.answer(answer.challenge);
    await assertRejects(() => later.welcomed(welcome), HandshakeError, "not made with the secret");
    // Sent by a server that the client takes for another one.
    const elsewhere = new HandshakeClient("c", "t", "app", secret);
    elsewhere.hello();
    await elsewhere.answer(answer.challenge);
    await assertRejects(
      () => elsewhere.welcomed(welcome),
      HandshakeError,
      "not made with the secret",
    );
    // The client's own proof, sent back to it.
    const mirrored = connecting(secret);
    mirrored.hello();
    const own = await mirrored.answer(answer.challenge);
    await assertRejects(() => mirrored.welcomed(own), HandshakeError, "not made with the secret");
    await client.welcomed(welcome);
    await assertRejects(() => client.answer(answer.challenge), HandshakeError, "handshake");
  });
});
