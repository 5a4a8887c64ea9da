import { beforeEach, describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Credentials } from "../../../transports/auth/credentials.ts";
import { type Admission, type Challenged, Guard } from "../../../transports/auth/guard.ts";
import type { Challenge, Hello } from "../../../transports/auth/handshake.ts";
import { Introduction } from "../../../transports/auth/introduction.ts";
import { type Keys, keysOf } from "../../../transports/auth/keys.ts";
import { nodeToken } from "../../../transports/auth/node_token.ts";
import { makeProof, type Side } from "../../../transports/auth/proof.ts";
import { Refusal } from "../../../transports/auth/refusal.ts";
import { OTHER_SECRET, SECRET } from "../support/networks.ts";

const keys = (): Promise<Keys> => keysOf(SECRET, "app");
const secret: Credentials = { kind: "secret", keys };
const other: Credentials = { kind: "secret", keys: () => keysOf(OTHER_SECRET, "app") };
const insecure: Credentials = { kind: "insecure" };

const token = (id: string, cluster = "app"): Credentials => ({
  kind: "token",
  token: () => nodeToken({ secret: SECRET, cluster, id }),
});

/** The message as it arrives at the other side. */
const sent = <T>(message: T): T => JSON.parse(JSON.stringify(message));

const isServer = (id: string) => id === "s2";
const guardOf = (credentials: Credentials, id = "s") => new Guard(id, "app", credentials, isServer);

const proofOf = async (side: Side, hello: Hello, challenge: Challenge, by = keys) => ({
  proof: await makeProof(await by(), side, hello, challenge),
});

async function challenged(guard: Guard, hello: Hello): Promise<Challenged> {
  const answer = await guard.greet(sent(hello));
  assert("challenge" in answer, "admitted without a proof");
  return answer;
}

/** Runs the whole handshake of `introduction` with `guard`. */
async function meet(guard: Guard, introduction: Introduction): Promise<Admission> {
  let answer = await guard.greet(sent(await introduction.hello()));
  if ("challenge" in answer) {
    answer = await guard.admit(answer, sent(await introduction.answer(sent(answer.challenge))));
  }
  await introduction.welcomed(sent({ proof: answer.proof }));
  return answer;
}

describe("Guard and Introduction", () => {
  let guard: Guard;
  const introduction = (credentials: Credentials, id = "c", cluster = "app") =>
    new Introduction(id, "s", cluster, credentials);
  const refusesToMeet = async (guard: Guard, introduction: Introduction, why: string) => {
    await assertRejects(() => meet(guard, introduction), Refusal, why);
  };

  beforeEach(() => {
    guard = guardOf(secret);
  });

  it("two nodes with the secret admit each other without a time limit", async () => {
    const { id, until } = await meet(guard, introduction(secret));
    assertEquals([id, until], ["c", Infinity]);
  });

  it("a token admits its node until the token expires", async () => {
    const { id, until } = await meet(guard, introduction(token("c")));
    assertEquals(id, "c");
    assert(Math.abs(until - Date.now() - 360_000) < 5_000, `${until - Date.now()}`);
  });

  it("two insecure nodes admit each other", async () => {
    const open = guardOf(insecure);
    assertEquals(await meet(open, introduction(insecure)), { id: "c", until: Infinity });
  });

  it("a malformed hello is refused", async () => {
    const hello = await introduction(secret).hello();
    const others: unknown[] = [null, undefined, 1, "hello", [], {}, { ...hello, synod: 3 }];
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
    const hello = { ...await introduction(secret).hello(), synod: 1 };
    await assertRejects(() => guard.greet(hello), Refusal, "version 2");
  });

  it("another cluster is refused, even if neither side has a secret", async () => {
    await refusesToMeet(guard, introduction(secret, "c", "other"), "another cluster");
    const open = guardOf(insecure);
    await refusesToMeet(open, introduction(insecure, "c", "other"), "another cluster");
  });

  it("a hello for another node, or from the id of this node, is refused", async () => {
    await refusesToMeet(guardOf(secret, "t"), introduction(secret), "this is the node t");
    await refusesToMeet(guard, introduction(secret, "s"), "that id itself");
  });

  it("a hello gets nothing that depends on the secret", async () => {
    const hello = await introduction(other).hello();
    for (let i = 0; i < 3; i++) {
      const { challenge } = await challenged(guard, hello);
      assertEquals(Object.keys(challenge), ["id", "nonce"]);
      assertEquals(challenge.id, "s");
    }
    const { challenge } = await challenged(guard, hello);
    const again = await challenged(guard, hello);
    assert(challenge.nonce !== again.challenge.nonce);
  });

  it("the accepting side refuses another secret", async () => {
    await refusesToMeet(guard, introduction(other), "not made with the secret");
    const answer = await challenged(guard, await introduction(other).hello());
    for (const message of [{}, { proof: "" }, { proof: 1 }, null, "proof"]) {
      await assertRejects(() => guard.admit(answer, message), Refusal, "no proof");
    }
    for (const proof of ["A".repeat(43), `${"A".repeat(42)}B`]) {
      await assertRejects(() => guard.admit(answer, { proof }), Refusal, "not made with");
    }
  });

  it("no node without the secret or a valid token of its own is admitted", async () => {
    await refusesToMeet(guard, introduction(insecure), "no secret");
    await refusesToMeet(guard, introduction(token("d")), "another node");
    await refusesToMeet(guard, introduction(token("c", "other")), "not signed");
    const asProof: Credentials = {
      kind: "token",
      token: async () => {
        const hello = await introduction(secret).hello();
        return (await proofOf("connect", hello, { id: "s", nonce: hello.nonce })).proof;
      },
    };
    await refusesToMeet(guard, introduction(asProof), "no HS256 token");
  });

  it("a token for the id of a server is refused, and its proof is not", async () => {
    await refusesToMeet(guard, introduction(token("s2"), "s2"), "the id of a server");
    assertEquals((await meet(guard, introduction(secret, "s2"))).id, "s2");
  });

  it("a node with the secret refuses a peer without it", async () => {
    await refusesToMeet(guardOf(insecure), introduction(secret), "has not proven");
    await refusesToMeet(guardOf(token("s")), introduction(secret), "no secret");
    await assertRejects(() => introduction(secret).welcomed({}), Refusal, "has not proven");
  });

  it("a proof is not valid for another connection, node, cluster or side", async () => {
    const hello = await introduction(secret).hello();
    const first = await challenged(guard, hello);
    const proof = await proofOf("connect", hello, first.challenge);
    const admitted = await guard.admit(first, proof);
    const refuses = async (answer: Challenged, proof: unknown, guardian = guard) => {
      await assertRejects(() => guardian.admit(answer, proof), Refusal, "not made with the secret");
    };
    // The same hello again: the nonce of the guard differs.
    await refuses(await challenged(guard, hello), proof);
    // Under another id, in another cluster, at another node, and with another hello.
    for (
      const other of [{ id: "d" }, { cluster: "other" }, { to: "t" }, { nonce: "0".repeat(32) }]
    ) {
      await refuses({ ...first, hello: { ...hello, ...other } }, proof);
    }
    // The proof of the guard itself, sent back to it.
    await refuses(first, { proof: admitted.proof });
    // The keys of another cluster with the same secret.
    const elsewhere = () => keysOf(SECRET, "other");
    await refuses(first, await proofOf("connect", hello, first.challenge, elsewhere));
  });

  it("the proof of a server is not valid for another server, or for a later connection", async () => {
    const meetAs = async (client: Introduction) => {
      const answer = await challenged(guard, await client.hello());
      return { answer, welcome: await guard.admit(answer, await client.answer(answer.challenge)) };
    };
    const client = introduction(secret);
    const { answer, welcome } = await meetAs(client);
    // Recorded, and replayed to the same client when it connects again.
    const later = introduction(secret);
    await later.hello();
    await later.answer(answer.challenge);
    await assertRejects(() => later.welcomed(welcome), Refusal, "not made with the secret");
    // Sent by a server that the client takes for another one.
    const elsewhere = new Introduction("c", "t", "app", secret);
    await elsewhere.hello();
    await elsewhere.answer(answer.challenge);
    await assertRejects(() => elsewhere.welcomed(welcome), Refusal, "not made with the secret");
    // The client's own proof, sent back to it.
    const mirrored = introduction(secret);
    await mirrored.hello();
    const own = await mirrored.answer(answer.challenge);
    await assertRejects(() => mirrored.welcomed(own), Refusal, "not made with the secret");
    await client.welcomed(welcome);
    await assertRejects(() => client.answer(answer.challenge), Refusal, "handshake");
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
