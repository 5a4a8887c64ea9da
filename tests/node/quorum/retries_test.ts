// Runs in Deno alone: pure.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Retries } from "../../../lib/node/quorum/retries.ts";
import { LamportClock } from "../../../lib/paxos/ballot.ts";

/** Retries, and what happened: `wait N` before attempt N, and the counter of each attempt. */
function start() {
  const clock = new LamportClock();
  clock.observe(100);
  const seen: string[] = [];
  const retries = new Retries({ clock }, {
    retryLater(retry, attempt) {
      seen.push(`wait ${attempt}`);
      retry();
      return () => {};
    },
  });
  const refuse = (unprepared = false, isUrgent = false) => {
    retries.next(unprepared, isUrgent, () => seen.push(`${clock.next()}`));
    return seen.splice(0);
  };
  return { clock, retries, refuse };
}

describe("Retries", () => {
  it("wait after each nack, and leave out more counters each time, up to 16", () => {
    const { refuse } = start();
    assertEquals(refuse(), ["wait 0", "102"]);
    assertEquals(refuse(), ["wait 1", "105"]);
    for (let i = 0; i < 20; i++) refuse();
    const [, before] = refuse();
    assertEquals(refuse(), ["wait 2", `${Number(before) + 17}`]);
  });

  it("wait for longer each time without promises, and with them no longer than after two doublings", () => {
    const { refuse } = start();
    for (let i = 0; i < 7; i++) refuse();
    assertEquals(refuse(false)[0], "wait 2");
    // At once, since only the clock may be behind.
    refuse(true);
    assertEquals(refuse(true)[0], "wait 9");
    assertEquals(refuse(false)[0], "wait 2");
  });

  it("go on at once, once, if only the clock may be behind: after a wait, and without promises", () => {
    const { refuse } = start();
    assertEquals(refuse(true)[0], "wait 0");
    assertEquals(refuse(true).length, 1);
    assertEquals(refuse(true)[0], "wait 2");
    assertEquals(refuse(false)[0], "wait 2");
  });

  it("go on at once after the first nack if others wait", () => {
    const { retries, refuse } = start();
    assertEquals(refuse(false, true).length, 1);
    assertEquals(refuse(true, true)[0], "wait 1");
    retries.begin();
    assertEquals(refuse(false, true).length, 1);
  });
});
