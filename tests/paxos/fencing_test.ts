import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { Fencing } from "../../lib/paxos/fencing.ts";
import { Lease } from "../../lib/paxos/lease.ts";
import type { Sender } from "../../lib/paxos/quorum.ts";
import { MIN_TTL, SessionTable } from "../../lib/paxos/sessions.ts";

const members = ["a", "b", "c"];
const session = "n/1/1";
const sender = (member: string, incarnation = "1", vector = ["1", "1", "1"]): Sender => ({
  member,
  incarnation,
  vector,
});
const fenced = { type: "fenced", session } as const;
const alive = { type: "alive", session, remaining: 500 } as const;

describe("Fencing", () => {
  it("a session ended when a quorum has fenced it", () => {
    const fencing = new Fencing(members);
    fencing.ask(0);
    assertEquals(fencing.receive(sender("a"), fenced), undefined);
    assertEquals(fencing.receive(sender("a"), fenced), undefined);
    assertEquals(fencing.receive(sender("b"), fenced), "ended");
  });

  it("one member that was cut off cannot spoil a healthy session", () => {
    const fencing = new Fencing(members);
    fencing.ask(0);
    assertEquals(fencing.receive(sender("a"), fenced), undefined);
    assertEquals(fencing.receive(sender("b"), alive), undefined);
    assertEquals(fencing.receive(sender("c"), alive), "alive");
  });

  it("is alive as soon as no quorum is left that could say otherwise", () => {
    const five = new Fencing(["a", "b", "c", "d", "e"]);
    five.ask(0);
    const five1 = ["1", "1", "1", "1", "1"];
    assertEquals(five.receive(sender("a", "1", five1), alive), undefined);
    assertEquals(five.receive(sender("b", "1", five1), alive), undefined);
    assertEquals(five.receive(sender("c", "1", five1), alive), "alive");
    const four = new Fencing(["a", "b", "c", "d"]);
    four.ask(0);
    assertEquals(four.receive(sender("a"), alive), undefined);
    assertEquals(four.receive(sender("b"), alive), "alive");
    const one = new Fencing(["a"]);
    one.ask(0);
    assertEquals(one.receive(sender("a", "1", ["1"]), alive), "alive");
  });

  it("tells who has not answered, and when a quorum has answered without agreeing", () => {
    const fencing = new Fencing(members);
    fencing.ask(0);
    assertEquals([fencing.missing(), fencing.undecided], [["a", "b", "c"], false]);
    fencing.receive(sender("b"), fenced);
    assertEquals([fencing.missing(), fencing.undecided], [["a", "c"], false]);
    fencing.receive(sender("c"), alive);
    assertEquals([fencing.missing(), fencing.undecided], [["a"], true]);
  });

  it("who was alive may turn out fenced when asked again", () => {
    const fencing = new Fencing(members);
    fencing.ask(0);
    fencing.receive(sender("a"), alive);
    fencing.receive(sender("b"), fenced);
    assertEquals(fencing.receive(sender("a"), fenced), "ended");
  });

  it("takes nothing but answers to `fence`, and only those of members", () => {
    const fencing = new Fencing(members);
    fencing.ask(0);
    assertEquals(fencing.receive(sender("x"), fenced), undefined);
    assertEquals(fencing.receive(sender("y"), fenced), undefined);
    assertEquals(fencing.receive(sender("a"), { type: "refused", session }), undefined);
    assertEquals(fencing.receive(sender("a"), fenced), undefined);
    assertEquals(fencing.receive(sender("y"), alive), undefined);
  });

  it("a quorum of fences is crash-consistent", () => {
    const fencing = new Fencing(members);
    fencing.ask(0);
    assertEquals(fencing.receive(sender("a", "1", ["1", "1", "1"]), fenced), undefined);
    assertEquals(fencing.receive(sender("b", "1", ["2", "1", "1"]), fenced), undefined);
    assertEquals(fencing.missing(), ["a", "c"]);
    assertEquals(fencing.receive(sender("a", "2", ["2", "1", "1"]), fenced), "ended");
  });

  it("answers must all have been asked for within one ttl: asking later begins a new count", () => {
    const fencing = new Fencing(members);
    assertEquals(fencing.ask(1_000), false);
    fencing.receive(sender("a"), fenced);
    assertEquals(fencing.ask(999 + MIN_TTL), true); // still the same count
    assertEquals(fencing.missing(), ["b", "c"]);
    assertEquals(fencing.ask(1_000 + MIN_TTL), false);
    assertEquals([fencing.missing(), fencing.undecided], [["a", "b", "c"], false]);
    assertEquals(fencing.receive(sender("b"), fenced), undefined);
    assertEquals(fencing.receive(sender("c"), fenced), "ended");
  });

  it("`alive` is counted anew as well", () => {
    const fencing = new Fencing(members);
    fencing.ask(0);
    fencing.receive(sender("a"), alive);
    fencing.ask(MIN_TTL);
    assertEquals(fencing.receive(sender("b"), alive), undefined);
    assertEquals(fencing.receive(sender("a"), alive), "alive");
  });

  it("the time of a count runs from its first asking, not from the latest", () => {
    const fencing = new Fencing(members);
    fencing.ask(0);
    assertEquals([fencing.ask(60), fencing.ask(90), fencing.ask(MIN_TTL)], [true, true, false]);
  });
});

describe("Fencing and the owner's lease", () => {
  it("when a session has ended, its owner's deadline has passed: every order of a small case", () => {
    // Three acceptors, an owner that renews with some of them, somebody who fences with others. In
    // true time, at steps of 100; each message takes one step or is lost. All choices of who hears
    // which of three renewals, and who is asked when.
    const ttl = 500;
    let ended = 0;
    for (let choice = 0; choice < 8 ** 3; choice++) {
      const heard = [choice & 7, (choice >> 3) & 7, (choice >> 6) & 7];
      for (let asks = 0; asks < 8; asks++) {
        const tables = members.map(() => new SessionTable(1_000));
        const lease = new Lease(session, ttl, members);
        const fencing = new Fencing(members);
        for (let time = 0; time <= 1_500; time += 100) {
          const at = { now: time, wall: time };
          // Renewals are sent at 0, 200 and 400.
          if (time <= 400 && time % 200 === 0) {
            const renewal = lease.renew(at);
            const later = { now: time + 100, wall: time + 100 };
            for (const [index, table] of tables.entries()) {
              if ((heard[time / 200] >> index) % 2 === 0) continue;
              const reply = table.renew(session, ttl, renewal, time + 50);
              if (reply?.type === "renewed") lease.renewed(sender(members[index]), renewal, later);
            }
          }
          // The fences go out at every step, to who is in `asks`, or to all from 1000 on.
          fencing.ask(time);
          for (const [index, table] of tables.entries()) {
            if (time < 1_000 && (asks >> index) % 2 === 0) continue;
            const outcome = fencing.receive(
              sender(members[index]),
              table.fence(session, time + 50)!,
            );
            if (outcome !== "ended") continue;
            ended++;
            const now = { now: time + 50, wall: time + 50 };
            assertEquals(lease.isValid(now), false, `${heard} ${asks} at ${time}`);
          }
        }
      }
    }
    assertEquals(ended > 8 ** 4, true, `${ended} times ended`);
  });
});
