import { beforeEach, describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { Credentials } from "../../../transports/auth/credentials.ts";
import { type Admission, type Challenged, Guard } from "../../../transports/auth/guard.ts";
import type { Hello } from "../../../transports/auth/handshake.ts";
import { Introduction } from "../../../transports/auth/introduction.ts";
import { nodeToken } from "../../../transports/auth/node_token.ts";
import { makeProof } from "../../../transports/auth/proof.ts";
import { Refusal } from "../../../transports/auth/refusal.ts";

const secret: Credentials = { kind: "secret", secret: "the secret of this cluster" };
const other: Credentials = { kind: "secret", secret: "another secret altogether" };
const insecure: Credentials = { kind: "insecure" };

const token = (id: string, cluster = "app"): Credentials => ({
  kind: "token",
  token: () => nodeToken({ secret: "the secret of this cluster", cluster, id }),
});

/** The message as it arrives at the other side. */
const sent = <T>(message: T): T => JSON.parse(JSON.stringify(message));

async function challenged(guard: Guard, hello: Hello): Promise<Challenged> {
  const answer = await guard.greet(sent(hello));
  assert("challenge" in answer, "admitted without a proof");
  return answer;
}

/** Runs the whole handshake of `introduction` with `guard`. */
async function meet(guard: Guard, introduction: Introduction): Promise<Admission> {
  const answer = await guard.greet(sent(await introduction.hello()));
  if (!("challenge" in answer)) {
    introduction.welcomed();
    return answer;
  }
  const proof = await introduction.answer(sent(answer.challenge));
  const admission = await guard.admit(answer, sent(proof));
  introduction.welcomed();
  return admission;
}

describe("Guard and Introduction", () => {
  let guard: Guard;
  const introduction = (credentials: Credentials, id = "c", cluster = "app") =>
    new Introduction(id, "s", cluster, credentials);
  const refusesToMeet = async (guard: Guard, introduction: Introduction, why: string) => {
    await assertRejects(() => meet(guard, introduction), Refusal, why);
  };

  beforeEach(() => {
    guard = new Guard("s", "app", secret);
  });

  it("two nodes with the secret admit each other without a time limit", async () => {
    assertEquals(await meet(guard, introduction(secret)), { id: "c", until: Infinity });
  });

  it("a token admits its node until the token expires", async () => {
    const { id, until } = await meet(guard, introduction(token("c")));
    assertEquals(id, "c");
    assert(Math.abs(until - Date.now() - 360_000) < 5_000, `${until - Date.now()}`);
  });

  it("two insecure nodes admit each other", async () => {
    const open = new Guard("s", "app", insecure);
    assertEquals(await meet(open, introduction(insecure)), { id: "c", until: Infinity });
  });

  it("a malformed hello is refused", async () => {
    const hello = await introduction(secret).hello();
    const others: unknown[] = [null, undefined, 1, "hello", [], {}, { ...hello, synod: 2 }];
    for (const key of Object.keys(hello)) {
      others.push({ ...hello, [key]: undefined }, { ...hello, [key]: 1.5 }, {
        ...hello,
        [key]: {},
      });
    }
    others.push({ ...hello, id: "*" }, { ...hello, id: "" }, { ...hello, nonce: "abc" });
    for (const message of others) await assertRejects(() => guard.greet(message), Refusal);
  });

  it("a hello of another version is refused with the version of this node", async () => {
    const hello = { ...await introduction(secret).hello(), synod: 2 };
    await assertRejects(() => guard.greet(hello), Refusal, "version 1");
  });

  it("another cluster is refused, even if neither side has a secret", async () => {
    await refusesToMeet(guard, introduction(secret, "c", "other"), "another cluster");
    const open = new Guard("s", "app", insecure);
    await refusesToMeet(open, introduction(insecure, "c", "other"), "another cluster");
  });

  it("a hello for another node, or from the id of this node, is refused", async () => {
    const elsewhere = new Guard("t", "app", secret);
    await refusesToMeet(elsewhere, introduction(secret), "this is the node t");
    await refusesToMeet(guard, introduction(secret, "s"), "that id itself");
  });

  it("the connecting side refuses another secret, and sends no proof", async () => {
    const stranger = introduction(other);
    const { challenge } = await challenged(guard, await stranger.hello());
    await assertRejects(() => stranger.answer(challenge), Refusal, "not signed");
  });

  it("the accepting side refuses another secret", async () => {
    const hello = await introduction(other).hello();
    const answer = await challenged(guard, hello);
    const proof = await makeProof(other.secret, "connect", "c", "s", hello, answer.challenge);
    await assertRejects(() => guard.admit(answer, { proof }), Refusal, "not signed");
    for (const message of [{}, { proof: "" }, { proof: 1 }, null, "proof"]) {
      await assertRejects(() => guard.admit(answer, message), Refusal, "token");
    }
  });

  it("no node without the secret or a valid token of its own is admitted", async () => {
    await refusesToMeet(guard, introduction(insecure), "no secret");
    await refusesToMeet(guard, introduction(token("d")), "another node");
    await refusesToMeet(guard, introduction(token("c", "other")), "another cluster");
    const asProof: Credentials = {
      kind: "token",
      token: async () => {
        const hello = await introduction(secret).hello();
        return await makeProof(secret.secret, "connect", "c", "s", hello, { nonce: hello.nonce });
      },
    };
    await refusesToMeet(guard, introduction(asProof), "another connection");
  });

  it("a node with the secret refuses a peer without it", async () => {
    await refusesToMeet(new Guard("s", "app", insecure), introduction(secret), "has not proven");
    const tokenOnly = new Guard("s", "app", token("s"));
    await refusesToMeet(tokenOnly, introduction(secret), "no secret");
    assertThrows(() => introduction(secret).welcomed(), Refusal, "has not proven");
  });

  it("a proof is not valid for another connection, node or side", async () => {
    const hello = await introduction(secret).hello();
    const first = await challenged(guard, hello);
    const proof = await makeProof(secret.secret, "connect", "c", "s", hello, first.challenge);
    await guard.admit(first, { proof });
    // The same hello again: the nonce of the guard differs.
    const again = await challenged(guard, hello);
    await assertRejects(() => guard.admit(again, { proof }), Refusal, "another connection");
    // Under another id, even with the same nonce.
    const other = await challenged(guard, { ...hello, id: "d" });
    const stolen = { ...other, challenge: first.challenge };
    await assertRejects(() => guard.admit(stolen, { proof }), Refusal, "another node");
    // For another node, even with the same nonces.
    const elsewhere = await makeProof(secret.secret, "connect", "c", "t", hello, first.challenge);
    await assertRejects(
      () => guard.admit(first, { proof: elsewhere }),
      Refusal,
      "another connection",
    );
    // The proof of the guard itself, sent back to it.
    const reflected = { proof: first.challenge.proof };
    await assertRejects(() => guard.admit(first, reflected), Refusal, "no proof of this side");
  });

  it("the proof of a server is not valid for another server, or for a later connection", async () => {
    const client = introduction(secret);
    const { challenge } = await challenged(guard, await client.hello());
    // Recorded, and replayed to the same client when it connects again.
    const later = introduction(secret);
    await later.hello();
    await assertRejects(() => later.answer(challenge), Refusal, "another connection");
    // Sent by a server that the client takes for another one.
    const elsewhere = new Introduction("c", "t", "app", secret);
    await elsewhere.hello();
    await assertRejects(() => elsewhere.answer(challenge), Refusal, "another node");
    await client.answer(challenge);
    await assertRejects(() => client.answer(challenge), Refusal, "handshake");
  });

  it("hello() rejects if the token function returns no token, or throws", async () => {
    for (const wrong of ["", 1, undefined, null, {}]) {
      const credentials: Credentials = { kind: "token", token: () => wrong as string };
      await assertRejects(() => introduction(credentials).hello(), Refusal, "returned no token");
    }
    const failing = () => Promise.reject(new RangeError("offline"));
    const credentials: Credentials = { kind: "token", token: failing };
    await assertRejects(() => introduction(credentials).hello(), RangeError, "offline");
  });
});
