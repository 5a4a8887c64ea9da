import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { FastRounds } from "../../../lib/node/quorum/fast_rounds.ts";
import { RestWait } from "../../../lib/node/quorum/rest_wait.ts";
import { Pacing } from "../../../lib/node/runtime/pacing.ts";
import { VirtualTime } from "../../support/virtual_time.ts";

/** A wait, what it asks of the rounds, and how it is told that the others will not answer. */
function waiting() {
  const { runtime } = new VirtualTime();
  const told: string[] = [];
  let goOn = () => {};
  const rounds: Pick<FastRounds, "awaitRest" | "silent"> = {
    awaitRest(missing, asked, _now, then) {
      told.push(`awaits ${missing()} since ${asked}`);
      goOn = then;
      return () => told.push("cancelled");
    },
    silent: (members) => void told.push(`silent: ${members}`),
  };
  const rest = new RestWait(rounds as FastRounds, new Pacing(runtime), runtime);
  return { rest, told, goOn: () => goOn() };
}

const round = {
  request: { type: "fast" },
  awaitsRest: true,
  unanswered: () => ({ members: ["c"] }),
};

describe("RestWait (section 3a)", () => {
  it("waits once for the members that have not answered, and then goes on", () => {
    const { rest, told, goOn } = waiting();
    const begin = () => rest.begin(round, 3, () => void told.push("goes on"));
    rest.begin({ ...round, awaitsRest: false }, 3, () => {});
    begin();
    begin();
    goOn();
    assertEquals(told, ["awaits c since 3", "goes on"]);
    // Answers were dropped, and a quorum has answered again.
    begin();
    rest.end();
    assertEquals(told.slice(2), ["awaits c since 3", "cancelled"]);
  });

  it("tells who was silent in a fast round, and in no other one", () => {
    const { rest, told } = waiting();
    rest.unanswered({ ...round, request: { type: "prepare" } });
    rest.unanswered(round);
    assertEquals(told, ["silent: c"]);
  });
});
