import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { Fencing } from "../../lib/paxos/fencing.ts";
import type { SessionReply } from "../../lib/paxos/messages.ts";
import type { Sender } from "../../lib/paxos/quorum.ts";
import { MIN_TTL, SessionTable } from "../../lib/paxos/sessions.ts";
import { isValid, makeLease } from "./support/lease.ts";

const members = ["a", "b", "c"];
const session = "n/1/1";
const sender = (member: string, incarnation = "1", vector = ["1", "1", "1"]): Sender => ({
  member,
  incarnation,
  vector,
});
const fenced = { type: "fenced", session } as const;
const alive = { type: "alive", session, remaining: 500 } as const;

/** Time for which an answer counts after its request, in milliseconds. */
const OPEN_FOR = 1_000;

/** A `Fencing` whose answers arrive at once, for its latest request. */
class Asker {
  readonly fencing: Fencing;
  number = 0;
  #now = 0;

  constructor(ids: readonly string[] = members, openFor = OPEN_FOR) {
    this.fencing = new Fencing(ids, openFor);
  }

  /** Asks; returns the number of the count. */
  ask(now: number): number {
    this.#now = now;
    return this.number = this.fencing.ask(now);
  }

  receive(from: Sender, reply: SessionReply, number = this.number, now = this.#now) {
    return this.fencing.receive(number, from, reply, now);
  }

  missing(): string[] {
    return this.fencing.missing();
  }

  get undecided(): boolean {
    return this.fencing.undecided;
  }
}

describe("Fencing", () => {
  it("a session ended when a quorum has fenced it", () => {
    const fencing = new Asker();
    fencing.ask(0);
    assertEquals(fencing.receive(sender("a"), fenced), undefined);
    assertEquals(fencing.receive(sender("a"), fenced), undefined);
    assertEquals(fencing.receive(sender("b"), fenced), "ended");
  });

  it("one member that was cut off cannot end a session that is alive", () => {
    const fencing = new Asker();
    fencing.ask(0);
    assertEquals(fencing.receive(sender("a"), fenced), undefined);
    assertEquals(fencing.receive(sender("b"), alive), undefined);
    assertEquals(fencing.receive(sender("c"), alive), "alive");
  });

  it("is alive as soon as no quorum is left that could fence it", () => {
    const five = new Asker(["a", "b", "c", "d", "e"]);
    five.ask(0);
    const five1 = ["1", "1", "1", "1", "1"];
    assertEquals(five.receive(sender("a", "1", five1), alive), undefined);
    assertEquals(five.receive(sender("b", "1", five1), alive), undefined);
    assertEquals(five.receive(sender("c", "1", five1), alive), "alive");
    const four = new Asker(["a", "b", "c", "d"]);
    four.ask(0);
    assertEquals(four.receive(sender("a"), alive), undefined);
    assertEquals(four.receive(sender("b"), alive), "alive");
    const one = new Asker(["a"]);
    one.ask(0);
    assertEquals(one.receive(sender("a", "1", ["1"]), alive), "alive");
  });

  it("names the members that have not answered, and reports when a quorum has answered without agreeing", () => {
    const fencing = new Asker();
    fencing.ask(0);
    assertEquals([fencing.missing(), fencing.undecided], [["a", "b", "c"], false]);
    fencing.receive(sender("b"), fenced);
    assertEquals([fencing.missing(), fencing.undecided], [["a", "c"], false]);
    fencing.receive(sender("c"), alive);
    assertEquals([fencing.missing(), fencing.undecided], [["a"], true]);
  });

  it("a session that was alive may be fenced in a later count", () => {
    const fencing = new Asker();
    fencing.ask(0);
    fencing.receive(sender("a"), alive);
    fencing.receive(sender("b"), fenced);
    assertEquals(fencing.receive(sender("a"), fenced), "ended");
  });

  it("takes nothing but answers to `fence`, and only those of members", () => {
    const fencing = new Asker();
    fencing.ask(0);
    assertEquals(fencing.receive(sender("x"), fenced), undefined);
    assertEquals(fencing.receive(sender("y"), fenced), undefined);
    assertEquals(fencing.receive(sender("a"), { type: "refused", session }), undefined);
    assertEquals(fencing.receive(sender("a"), fenced), undefined);
    assertEquals(fencing.receive(sender("y"), alive), undefined);
  });

  it("a quorum of fences is crash-consistent", () => {
    const fencing = new Asker();
    fencing.ask(0);
    assertEquals(fencing.receive(sender("a", "1", ["1", "1", "1"]), fenced), undefined);
    assertEquals(fencing.receive(sender("b", "1", ["2", "1", "1"]), fenced), undefined);
    assertEquals(fencing.missing(), ["a", "c"]);
    assertEquals(fencing.receive(sender("a", "2", ["2", "1", "1"]), fenced), "ended");
  });

  it("answers must all have been asked for within one ttl: asking later begins a new count", () => {
    const fencing = new Asker();
    assertEquals(fencing.ask(1_000), 1);
    fencing.receive(sender("a"), fenced);
    assertEquals(fencing.ask(999 + MIN_TTL), 1); // still the same count
    assertEquals(fencing.missing(), ["b", "c"]);
    assertEquals(fencing.ask(1_000 + MIN_TTL), 2);
    assertEquals([fencing.missing(), fencing.undecided], [["a", "b", "c"], false]);
    assertEquals(fencing.receive(sender("b"), fenced), undefined);
    assertEquals(fencing.receive(sender("c"), fenced), "ended");
  });

  it("an earlier count stays open: its answers may take longer than the wait for the next request", () => {
    const fencing = new Asker();
    const first = fencing.ask(0);
    const second = fencing.ask(500);
    assertEquals(fencing.receive(sender("a"), fenced, first, 900), undefined);
    // Answers of two counts do not add up.
    assertEquals(fencing.receive(sender("b"), fenced, second, 900), undefined);
    assertEquals(fencing.receive(sender("b"), fenced, first, OPEN_FOR - 1), "ended");
  });

  it("an answer counts only for a while: later, acceptors may forget what they fenced", () => {
    const fencing = new Asker();
    const first = fencing.ask(0);
    assertEquals(fencing.receive(sender("a"), fenced, first, 1), undefined);
    assertEquals(fencing.receive(sender("b"), fenced, first, OPEN_FOR), undefined);
    // Also an answer that was requested and received in time.
    const second = fencing.ask(2 * OPEN_FOR);
    assertEquals(fencing.receive(sender("c"), fenced, first, 2 * OPEN_FOR), undefined);
    assertEquals(fencing.receive(sender("c"), fenced, second, 2 * OPEN_FOR), undefined);
  });

  it("is undecided by an earlier count, too", () => {
    const fencing = new Asker();
    const first = fencing.ask(0);
    fencing.ask(500);
    fencing.receive(sender("a"), fenced, first, 600);
    assertEquals(fencing.undecided, false);
    fencing.receive(sender("b"), alive, first, 600);
    assertEquals(fencing.undecided, true);
  });

  it("`alive` begins a new count as well", () => {
    const fencing = new Asker();
    fencing.ask(0);
    fencing.receive(sender("a"), alive);
    fencing.ask(MIN_TTL);
    assertEquals(fencing.receive(sender("b"), alive), undefined);
    assertEquals(fencing.receive(sender("a"), alive), "alive");
  });

  it("the time of a count runs from its first request, not from the latest", () => {
    const fencing = new Asker();
    fencing.ask(0);
    assertEquals([fencing.ask(60), fencing.ask(90), fencing.ask(MIN_TTL)], [1, 1, 2]);
  });
});

describe("Fencing and acceptors that forget what they fenced", () => {
  it("an answer from before that does not count with a later one: the session may be alive", () => {
    const maxTtl = 1_000;
    const tables = members.map(() => new SessionTable(maxTtl));
    const lease = makeLease(session, maxTtl, members);
    /** The owner renews, and the renewal reaches these members. */
    const renew = (now: number, ...heard: number[]) => {
      const renewal = lease.renew({ now, wall: now });
      for (const index of heard) {
        const reply = tables[index].renew(session, maxTtl, renewal, now);
        if (reply?.type !== "renewed") continue;
        lease.renewed(sender(members[index]), renewal, { now, wall: now });
      }
    };
    // a has not received the renewal, and fences the session at once; the request to b is late.
    const fencing = new Fencing(members, maxTtl);
    const count = fencing.ask(0);
    const early = tables[0].fence(session, 0)!;
    assertEquals(fencing.receive(count, sender("a"), early, 1), undefined);
    for (let now = 1; now < 2_300; now += 300) renew(now, 1, 2);
    // a may have forgotten the fence by now, and b no longer hears the owner.
    tables[0].fence("m/1/1", 2_300);
    for (let now = 2_300; now < 3_300; now += 300) renew(now, 0, 2);
    assertEquals(isValid(lease, { now: 3_300, wall: 3_300 }), true);
    const late = tables[1].fence(session, 3_300)!;
    assertEquals([early.type, late.type], ["fenced", "fenced"]);
    assertEquals(fencing.receive(count, sender("b"), late, 3_301), undefined);
  });
});

describe("Fencing and the owner's lease", () => {
  it("when a session has ended, its owner's deadline has passed: every order in a small case", () => {
    // Three acceptors, an owner that renews at some of them, and a node that fences at others, in true time, at
    // steps of 100. Each message takes one step or is lost. All choices of the members that receive each of
    // three renewals, and of those that are asked at each step.
    const ttl = 500;
    let ended = 0;
    for (let choice = 0; choice < 8 ** 3; choice++) {
      const heard = [choice & 7, (choice >> 3) & 7, (choice >> 6) & 7];
      for (let asks = 0; asks < 8; asks++) {
        const tables = members.map(() => new SessionTable(1_000));
        const lease = makeLease(session, ttl, members);
        const fencing = new Asker();
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
          // The fences go out at every step, to the members in `asks`, or to all from 1000 on.
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
            assertEquals(isValid(lease, now), false, `${heard} ${asks} at ${time}`);
          }
        }
      }
    }
    assertEquals(ended > 8 ** 4, true, `${ended} times ended`);
  });
});
