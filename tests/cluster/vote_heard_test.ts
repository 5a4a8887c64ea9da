// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assert } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { joinWith } from "../../lib/cluster/join_with.ts";
import { decodeFrame, encodeFrame } from "../../lib/codec.ts";
import type { Life } from "../../lib/paxos/ballot.ts";
import type { Reply } from "../../lib/paxos/messages.ts";
import { memoryNetwork } from "../../transports/memory.ts";
import { life } from "../support/scripted_node.ts";
import { VirtualTime } from "../support/virtual_time.ts";

const MEMBERS = ["a", "b"];

/** Node a, and two processes under the id b: `life(1)`, which votes, and `life(2)`, which is blank. */
async function start() {
  const time = new VirtualTime("vote heard");
  const network = memoryNetwork({
    schedule: (deliver) => void time.runtime.setTimer(deliver, 1),
  });
  const b = network.transport();
  /** The latest question of each round that b was asked. */
  const rounds = new Map<number, { readonly id: number; readonly life: Life }>();
  b.open("b", (_from, bytes) => {
    const decoded = decodeFrame(bytes);
    if (!decoded.ok) throw new Error("malformed");
    const { header, requests } = decoded.frame;
    for (const request of requests) {
      if (request.type !== "enquire" || request.purpose !== "genesis") continue;
      rounds.set(request.round, { id: request.id, life: header.life });
    }
  });
  const say = (from: Life, votes: boolean, repliesTo: Life | null, replies: Reply[]) => {
    const vector = [life(0), from];
    const genesis = votes ? life(1) : null;
    const incarnation = votes ? from : null;
    const header = { life: from, clock: 0, genesis, epoch: 0, incarnation, vector };
    b.send("a", encodeFrame({ header, requests: [], repliesTo, replies }));
  };
  const answer = (round: number) => {
    const { id, life: to } = rounds.get(round)!;
    const reply = { id, type: "blank", members: MEMBERS, wall: 0, recovering: false } as const;
    say(life(2), false, to, [reply]);
  };
  const node = await joinWith(
    { id: "a", members: MEMBERS, transport: network.transport() },
    time.runtime,
  );
  while (!rounds.has(1)) await time.pass(1);
  return { time, node, rounds, answer, say };
}

describe("a genesis, and a frame of a process that votes (section 7)", () => {
  it("begins again: that process is behind, and may answer when the second round is over", async () => {
    const { time, node, rounds, answer, say } = await start();
    say(life(1), true, null, []);
    answer(1);
    await time.pass(5);
    assert(!rounds.has(2), "the answer does not count");
    await time.pass(100);
    answer(1);
    await time.pass(5);
    assert(rounds.has(2), "without such a frame it counts");
    await time.until(node.close());
  });

  it("goes on after a frame of one that does not vote", async () => {
    const { time, node, rounds, answer, say } = await start();
    say(life(1), false, null, []);
    answer(1);
    await time.pass(5);
    assert(rounds.has(2), "the answer counts");
    await time.until(node.close());
  });
});
