import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { type Admission, Guard } from "../../../transports/auth/guard.ts";
import { makeProof } from "../../../transports/auth/proof.ts";
import { Refusal } from "../../../transports/auth/refusal.ts";
import { Reception } from "../../../transports/http/reception.ts";
import { testKeys } from "../support/networks.ts";
import { hello } from "./support/setup.ts";

/** Sends a hello, and makes the answer to the challenge. */
async function introduce(reception: Reception): Promise<{ nonce: string; proof: string }> {
  const greeting = hello("c", "s");
  const answer = await reception.handle(greeting);
  assert("challenge" in answer);
  const { challenge } = answer;
  const proof = await makeProof(await testKeys(), "connect", greeting, challenge);
  return { nonce: challenge.nonce, proof };
}

describe("Reception", () => {
  const guard = new Guard("s", "synod", { kind: "secret", keys: testKeys }, () => false);

  it("admits the node that answers its challenge, once", async () => {
    const reception = new Reception(guard);
    const answer = await introduce(reception);
    assertEquals((await reception.handle(answer) as Admission).id, "c");
    await assertRejects(() => reception.handle(answer), Refusal, "not requested");
  });

  it("refuses an answer to the challenge of another server", async () => {
    const answer = await introduce(new Reception(guard));
    await assertRejects(() => new Reception(guard).handle(answer), Refusal, "not requested");
  });

  it("forgets the oldest challenge when there are too many, and keeps the later ones", async () => {
    const reception = new Reception(guard);
    const [first, second] = [await introduce(reception), await introduce(reception)];
    for (let i = 0; i < 4_095; i++) await reception.handle(hello("c", "s"));
    await assertRejects(() => reception.handle(first), Refusal, "not requested");
    assertEquals((await reception.handle(second) as Admission).id, "c");
  });
});
