import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertLess } from "@std/assert";
import type { SessionReply } from "../../lib/paxos/messages.ts";
import {
  compareSessions,
  FENCED_KEPT,
  makeSession,
  MAX_NODE_SESSIONS,
  MAX_SESSIONS,
  MIN_TTL,
  parseSession,
  SessionTable,
} from "../../lib/paxos/sessions.ts";

const TTL = 1_000;
const MAX_TTL = 5_000;
const s1 = "n/1/1";
const s2 = "n/1/2";

const makeTable = () => new SessionTable(MAX_TTL);

/** The reply of `fence` at `now`: `fenced`, or `alive 300`. */
function fence(table: SessionTable, session: string, now: number): string {
  const reply = table.fence(session, now);
  if (reply === undefined) return "-";
  return reply.type === "alive" ? `alive ${reply.remaining}` : reply.type;
}

/** The reply of `renew` at `now`: `renewed 3`, `refused` or `-`. */
function renew(table: SessionTable, session: string, now: number, ttl = TTL, renewal = 1): string {
  const reply = table.renew(session, ttl, renewal, now);
  if (reply === undefined) return "-";
  assert("session" in reply && reply.session === session);
  return reply.type === "renewed" ? `renewed ${reply.renewal}` : reply.type;
}

function look(table: SessionTable, session: string, now: number): number {
  const reply = table.look(session, now);
  assert(reply.type === "alive");
  return reply.remaining;
}

function newest(table: SessionTable, node: string, now: number): string | null {
  const reply = table.newest(node, now);
  assert(reply.type === "newest");
  return reply.session;
}

describe("sessions' ids", () => {
  it("makeSession() and parseSession() agree", () => {
    const parts = { node: "w-1.a_B", life: "0123456789abcdefghi-", sequence: 12 };
    const session = makeSession(parts.node, parts.life, parts.sequence);
    assertEquals(parseSession(session), parts);
  });

  it("compareSessions() orders by life, then by sequence as a number", () => {
    const ordered = ["n/1/1", "n/1/2", "n/1/10", "n/2/1", "n/A/1", "n/a/3"];
    for (const [i, a] of ordered.entries()) {
      for (const [j, b] of ordered.entries()) {
        assertEquals(Math.sign(compareSessions(a, b)), Math.sign(i - j), `${a} ${b}`);
      }
    }
  });
});

describe("SessionTable: renew and fence", () => {
  it("a session that was renewed less than its ttl ago is alive; a fence waits for the whole ttl", () => {
    const table = makeTable();
    assertEquals(renew(table, s1, 100, TTL, 7), "renewed 7");
    assertEquals(
      [100, 101, 1_099, 1_099.9].map((now) => fence(table, s1, now)),
      ["alive 1000", "alive 999", "alive 1", `alive ${1_100 - 1_099.9}`],
    );
    assertEquals(fence(table, s1, 1_100), "fenced");
  });

  it("each renewal restarts the ttl, measured here from its arrival", () => {
    const table = makeTable();
    renew(table, s1, 0);
    renew(table, s1, 900);
    assertEquals([fence(table, s1, 1_000), fence(table, s1, 1_899)], ["alive 900", "alive 1"]);
    assertEquals(fence(table, s1, 1_900), "fenced");
  });

  it("a fence that fails does not shorten it: `alive` changes nothing", () => {
    const table = makeTable();
    renew(table, s1, 0);
    for (let now = 0; now < 1_000; now += 10) fence(table, s1, now);
    assertEquals(renew(table, s1, 999), "renewed 1");
    assertEquals(fence(table, s1, 1_500), "alive 499");
  });

  it("renewals are refused for ever once it is fenced, and fences still succeed", () => {
    const table = makeTable();
    renew(table, s1, 0);
    assertEquals(fence(table, s1, 1_000), "fenced");
    for (const now of [1_000, 1_001, 2_000, 6_000, 20_000]) {
      assertEquals(renew(table, s1, now), "refused");
      assertEquals(fence(table, s1, now), "fenced");
    }
  });

  it("an unknown session can be fenced at once, and is refused then", () => {
    const table = makeTable();
    assertEquals(fence(table, s1, 0), "fenced");
    assertEquals(renew(table, s1, 1), "refused");
    assertEquals(renew(table, s2, 1), "renewed 1");
  });

  it("an expired session may still be renewed, as long as it was not fenced here", () => {
    const table = makeTable();
    renew(table, s1, 0);
    assertEquals(renew(table, s1, 2_000), "renewed 1");
    assertEquals(fence(table, s1, 2_500), "alive 500");
  });

  it("keeps sessions apart, each with its own ttl", () => {
    const table = makeTable();
    renew(table, s1, 0, 1_000);
    renew(table, s2, 0, 3_000);
    assertEquals([fence(table, s1, 1_000), fence(table, s2, 1_000)], ["fenced", "alive 2000"]);
    assertEquals([renew(table, s1, 1_001), renew(table, s2, 1_001, 3_000)], [
      "refused",
      "renewed 1",
    ]);
  });

  it("no session's ttl is longer than maxTtl", () => {
    const table = makeTable();
    assertEquals(renew(table, s1, 0, MAX_TTL), "renewed 1");
    assertEquals(renew(table, s2, 0, MAX_TTL + 1), "-");
    assertEquals(fence(table, s2, 0), "fenced");
  });

  it("end() fences it at once", () => {
    const table = makeTable();
    renew(table, s1, 0);
    assertEquals(table.end(s1, 1), { type: "fenced", session: s1 });
    assertEquals([fence(table, s1, 2), renew(table, s1, 2)], ["fenced", "refused"]);
    assertEquals(table.isStale(s1, 2), true);
  });
});

describe("SessionTable: isStale", () => {
  it("believes expired what is fenced, or was not renewed here for its ttl, or is unknown", () => {
    const table = makeTable();
    renew(table, s1, 0);
    assertEquals([table.isStale(s1, 999), table.isStale(s1, 1_000)], [false, true]);
    assertEquals(table.isStale(s2, 0), true);
    table.end(s1, 0);
    assertEquals(table.isStale(s1, 1), true);
  });

  it("is only a belief: it fences nothing", () => {
    const table = makeTable();
    renew(table, s1, 0);
    assertEquals(table.isStale(s1, 5_000), true);
    assertEquals(renew(table, s1, 5_000), "renewed 1");
    assertEquals(table.isStale(s1, 5_001), false);
  });
});

describe("SessionTable: after its memory was lost", () => {
  it("treats every session, known or not, as renewed then: answers `fenced` to nothing for maxTtl", () => {
    const table = makeTable();
    table.recover(1_000, []);
    assertEquals(
      [1_000, 1_001, 5_999].map((now) => fence(table, s1, now)),
      ["alive 5000", "alive 4999", "alive 1"],
    );
    assertEquals(fence(table, s1, 6_000), "fenced");
  });

  it("not even for sessions in the copied fenced set; but it refuses to renew those", () => {
    const table = makeTable();
    table.recover(1_000, [s1]);
    assertEquals(renew(table, s1, 1_001), "refused");
    assertEquals([fence(table, s1, 1_001), fence(table, s1, 5_999)], ["alive 4999", "alive 1"]);
    assertEquals(renew(table, s1, 5_999), "refused");
    assertEquals([fence(table, s1, 6_000), renew(table, s1, 6_001)], ["fenced", "refused"]);
  });

  it("believes nothing expired for that time", () => {
    const table = makeTable();
    table.recover(1_000, [s1]);
    assertEquals([table.isStale(s1, 5_999), table.isStale(s2, 5_999)], [false, false]);
    assertEquals([table.isStale(s1, 6_000), table.isStale(s2, 6_000)], [true, true]);
  });

  it("a renewal during that time lasts its own ttl, if that is longer", () => {
    const table = makeTable();
    table.recover(0, []);
    assertEquals(renew(table, s1, 4_500), "renewed 1");
    assertEquals([fence(table, s1, 4_600), fence(table, s1, 5_000)], ["alive 900", "alive 500"]);
    assertEquals(fence(table, s1, 5_500), "fenced");
  });

  it("a session whose renewal during that time has expired is alive until the end of that time, for forgotten renewals", () => {
    const table = makeTable();
    table.recover(0, []);
    renew(table, s1, 0, 100);
    assertEquals(fence(table, s1, 200), "alive 4800");
  });

  it("passes its fenced set on to the next member that loses its memory, copied entries too", () => {
    const table = makeTable();
    table.recover(0, [s1]);
    table.end("m/1/1", 1);
    fence(table, "o/1/1", 5_000);
    assertEquals([table.fenced().toSorted(), table.ended()], [[s1, "o/1/1"], ["m/1/1"]]);
  });

  it("a session that its own node ended is over at once, whether it was reported here or to others", () => {
    const table = makeTable();
    table.recover(1_000, [s1, s2], [s2]);
    assertEquals(fence(table, s2, 1_001), "fenced");
    assertEquals([fence(table, s1, 1_001), table.isStale(s1, 1_001)], ["alive 4999", false]);
    table.end(s1, 1_002);
    for (const session of [s1, s2]) {
      assertEquals(table.isStale(session, 1_003), true);
      assertEquals(fence(table, session, 1_003), "fenced");
      assertEquals(look(table, session, 1_003), 0);
      assertEquals(renew(table, session, 1_003), "refused");
    }
    assertEquals(fence(table, "n/1/3", 1_003), "alive 4997");
  });
});

describe("SessionTable: the wait for grants", () => {
  it("grants no session before its time, and reports for how long", () => {
    const table = makeTable();
    table.grantFrom(3_000);
    assertEquals([renew(table, s1, 0), renew(table, s1, 2_999)], ["-", "-"]);
    assertEquals([table.wait(0), table.wait(2_999), table.wait(3_000)], [3_000, 1, 0]);
    assertEquals(renew(table, s1, 3_000), "renewed 1");
    assertEquals(table.wait(9_000), 0);
  });

  it("does not count a session as alive that it did not grant", () => {
    const table = makeTable();
    table.grantFrom(3_000);
    renew(table, s1, 2_999);
    assertEquals([newest(table, "n", 2_999), fence(table, s1, 2_999)], [null, "fenced"]);
  });

  it("takes the longest of several waits", () => {
    const table = makeTable();
    table.grantFrom(3_000);
    table.grantFrom(1_000);
    assertEquals(table.wait(0), 3_000);
  });
});

describe("SessionTable: newest", () => {
  it("the newest session of a node that is alive here and not fenced, or none", () => {
    const table = makeTable();
    assertEquals(newest(table, "n", 0), null);
    renew(table, "n/1/9", 0);
    renew(table, "n/1/10", 0);
    renew(table, "n/2/1", 0, 500);
    renew(table, "m/9/1", 0);
    assertEquals(newest(table, "n", 0), "n/2/1");
    assertEquals(newest(table, "n", 499), "n/2/1");
    assertEquals(newest(table, "n", 500), "n/1/10"); // n/2/1 has expired
    table.end("n/1/10", 501);
    assertEquals(newest(table, "n", 501), "n/1/9");
    assertEquals(newest(table, "n", 1_000), null);
  });

  it("is of exactly that node, not of one whose id has the same prefix", () => {
    const table = makeTable();
    renew(table, "n1/1/1", 0);
    renew(table, "nn/1/1", 0);
    assertEquals([newest(table, "n", 0), newest(table, "n1", 0)], [null, "n1/1/1"]);
  });

  it("reports for how long it could not be fenced yet", () => {
    const table = makeTable();
    renew(table, s1, 0);
    assertEquals(table.newest("n", 300), { type: "newest", session: s1, remaining: 700 });
    assertEquals(table.newest("m", 300), { type: "newest", session: null, remaining: 0 });
    const recovered = makeTable();
    recovered.recover(0, []);
    // This acceptor may have forgotten a session.
    assertEquals(recovered.newest("n", 99), { type: "newest", session: null, remaining: 4_901 });
    renew(recovered, s1, 100);
    assertEquals(recovered.newest("n", 300), { type: "newest", session: s1, remaining: 4_700 });
  });

  it("the request changes nothing", () => {
    const table = makeTable();
    renew(table, s1, 0);
    for (let now = 0; now < 1_000; now += 100) newest(table, "n", now);
    assertEquals(fence(table, s1, 1_000), "fenced");
  });
});

describe("SessionTable: look", () => {
  it("reports for how long a session could not be fenced", () => {
    const table = makeTable();
    renew(table, s1, 0);
    assertEquals([0, 999, 1_000].map((now) => look(table, s1, now)), [1_000, 1, 0]);
    assertEquals(look(table, s2, 0), 0);
    table.end(s1, 1);
    assertEquals(look(table, s1, 1), 0);
    renew(table, s2, 0);
    fence(table, s2, 1_000);
    assertEquals(look(table, s2, 1_000), 0);
  });

  it("a recovered member could fence nothing for maxTtl, not even sessions copied as fenced", () => {
    const table = makeTable();
    table.recover(0, [s1]);
    assertEquals([look(table, s1, 100), look(table, s2, 100)], [4_900, 4_900]);
    assertEquals([look(table, s1, MAX_TTL), look(table, s2, MAX_TTL)], [0, 0]);
  });

  it("changes nothing", () => {
    const table = makeTable();
    assertEquals([look(table, s1, 0), table.size], [0, 0]);
    assertEquals(renew(table, s1, 1), "renewed 1");
  });
});

describe("SessionTable: coarse clocks", () => {
  it("waits longer by the possible error of its clock", () => {
    const table = new SessionTable(MAX_TTL, () => 200);
    renew(table, s1, 0);
    assertEquals([fence(table, s1, 1_199), table.isStale(s1, 1_199)], ["alive 1", false]);
    assertEquals([table.isStale(s1, 1_200), fence(table, s1, 1_200)], [true, "fenced"]);
    for (const [time, kept] of [[199, ["o/1/1", s2]], [200, [s2]]] as const) {
      const other = new SessionTable(MAX_TTL, () => 200);
      fence(other, "o/1/1", 0);
      fence(other, s2, FENCED_KEPT * MAX_TTL + time);
      assertEquals(other.fenced(), [...kept]);
    }
    const tidied = new SessionTable(MAX_TTL, () => 200);
    renew(tidied, s1, 0, MAX_TTL);
    fence(tidied, s2, MAX_TTL + 100); // makes it tidy up
    assertEquals(fence(tidied, s1, MAX_TTL + 150), "alive 50");
    const recovered = new SessionTable(MAX_TTL, () => 200);
    recovered.recover(0, []);
    recovered.grantFrom(1_000);
    assertEquals(fence(recovered, s1, MAX_TTL + 199), "alive 1");
    assertEquals(fence(recovered, s1, MAX_TTL + 200), "fenced");
    assertEquals([renew(recovered, s2, 1_199), renew(recovered, s2, 1_200)], ["-", "renewed 1"]);
  });
});

describe("SessionTable: hosting", () => {
  const hosting = (table: SessionTable, spec: string, now: number) => {
    const reply = table.hosting(spec, now);
    assert(reply.type === "hosting");
    return reply.nodes;
  };

  it("the nodes with a session alive here that can run it, each once", () => {
    const table = makeTable();
    table.renew("n/1/1", 500, 1, 0, ["s", "t"]);
    table.renew("n/1/2", TTL, 1, 0, ["s"]);
    table.renew("m/1/1", TTL, 1, 0, ["t"]);
    table.renew("o/1/1", TTL, 1, 0, []);
    assertEquals([hosting(table, "s", 0), hosting(table, "t", 0)], [["n"], ["n", "m"]]);
    assertEquals(hosting(table, "t", 500), ["m"]);
    table.end("m/1/1", 501);
    assertEquals([hosting(table, "t", 501), hosting(table, "s", 999)], [[], ["n"]]);
    assertEquals([hosting(table, "s", TTL), hosting(table, "u", 0)], [[], []]);
  });

  it("the hosts of a session are those of its latest renewal", () => {
    const table = makeTable();
    table.renew(s1, TTL, 1, 0, ["s"]);
    table.renew(s1, TTL, 2, 1, ["t"]);
    assertEquals([hosting(table, "s", 1), hosting(table, "t", 1)], [[], ["n"]]);
  });
});

describe("SessionTable: many short-lived nodes", () => {
  // As many as an edge runtime makes: one node per request.
  const PER_SECOND = 200;
  const LONG_TTL = 60_000;
  const MINUTES = 60;

  it("200 a second, with a ttl of 60 s, for an hour: every fence and every end is answered", () => {
    const table = new SessionTable(LONG_TTL);
    const dead: string[] = [];
    let largest = 0;
    let unanswered = 0;
    const answered = (reply: SessionReply | undefined) => {
      if (reply?.type !== "fenced") unanswered++;
    };
    for (let i = 0; i < MINUTES * 60 * PER_SECOND; i++) {
      const now = i * 1_000 / PER_SECOND;
      const session = `w${i}/1/1`;
      if (table.renew(session, LONG_TTL, 1, now)?.type !== "renewed") unanswered++;
      // Every other one closes; the others are fenced by nodes that wait for what they owned.
      if (i % 2 === 0) answered(table.end(session, now + 1));
      else dead.push(session);
      if (i >= LONG_TTL / 1_000 * PER_SECOND && i % 2 === 0) {
        answered(table.fence(dead[i / 2 - LONG_TTL / 1_000 * PER_SECOND / 2], now + 10));
      }
      if (i % 1_000 === 0) largest = Math.max(largest, table.size);
    }
    assertEquals(unanswered, 0);
    // Sessions that are alive or have just expired, fenced ones for twice as long, and ended ones.
    assert(largest <= 5 * LONG_TTL / 1_000 * PER_SECOND, `${largest} entries`);
  });
});

describe("SessionTable: bounds", () => {
  it("a fenced entry may be dropped two maxTtl after the last request for it, not before", () => {
    const last = 2 * MAX_TTL - 1;
    for (const [time, kept] of [[2 * MAX_TTL - 1, [s1, s2]], [2 * MAX_TTL, [s2]]] as const) {
      const table = makeTable();
      fence(table, s1, 0);
      assertEquals(renew(table, s1, last), "refused"); // asked for
      fence(table, s2, last + time); // makes it tidy up
      assertEquals(table.fenced(), [...kept]);
    }
  });

  it("a fence or a refused renewal counts as a request; the order stays that of the latest request", () => {
    for (const ask of [fence, renew] as const) {
      const table = makeTable();
      fence(table, s1, 0);
      fence(table, "o/1/1", 1);
      for (let now = MAX_TTL; now < 10 * MAX_TTL; now += MAX_TTL) {
        assert(ask(table, s1, now) !== "renewed 1");
        fence(table, s2, now);
      }
      assertEquals(table.fenced().toSorted(), [s1, s2].toSorted());
    }
  });

  it("a session that its own node ended may be dropped one maxTtl later, regardless of requests", () => {
    const early = makeTable();
    early.end(s1, 0);
    assertEquals(fence(early, s1, MAX_TTL - 1), "fenced"); // makes it tidy up
    assertEquals([early.ended(), renew(early, s1, MAX_TTL - 1)], [[s1], "refused"]);
    const table = makeTable();
    fence(table, s2, 0);
    table.end(s1, 0);
    assertEquals(renew(table, s1, MAX_TTL - 1), "refused");
    fence(table, "o/1/1", MAX_TTL);
    assertEquals([table.ended(), table.fenced()], [[], [s2, "o/1/1"]]);
    // The only difference is for a late renewal: its owner counts none any more.
    assertEquals(fence(table, s1, MAX_TTL), "fenced");
  });

  it("a session that was fenced and is then ended by its node counts as ended", () => {
    const table = makeTable();
    fence(table, s1, 0);
    table.end(s1, 1);
    assertEquals([table.fenced(), table.ended(), table.size], [[], [s1], 1]);
  });

  it("a renewal that has not expired stays", () => {
    const table = makeTable();
    renew(table, s1, 0, MAX_TTL);
    fence(table, s2, 1);
    renew(table, s1, MAX_TTL - 1, MAX_TTL);
    fence(table, s2, 2 * MAX_TTL - 2); // makes it tidy up
    assertEquals(fence(table, s1, 2 * MAX_TTL - 2), "alive 1");
    assertEquals(newest(table, "n", 2 * MAX_TTL - 2), s1);
  });

  it("expired renewals are dropped, and the answers stay the same", () => {
    const table = makeTable();
    for (let i = 0; i < 100; i++) renew(table, `n/1/${i}`, i * MAX_TTL);
    assert(table.size <= 8, `${table.size} entries`);
    assertEquals(fence(table, "n/1/0", 100 * MAX_TTL), "fenced");
  });

  it("keeps no more than MAX_SESSIONS: further renewals get no answer", () => {
    const table = makeTable();
    for (let i = 0; i < MAX_SESSIONS; i++) {
      assertEquals(renew(table, `n${i % 200}/1/${i}`, 0), "renewed 1");
    }
    assertEquals(renew(table, "m/1/1", 1), "-");
    assertEquals(renew(table, "n0/1/0", 1), "renewed 1");
    assertEquals(table.size, MAX_SESSIONS);
    table.end("n1/1/1", 2);
    assertEquals(renew(table, "m/1/1", 2), "renewed 1");
  });

  it("keeps no more than MAX_NODE_SESSIONS of one node that are alive", () => {
    const table = makeTable();
    for (let i = 0; i < MAX_NODE_SESSIONS; i++) {
      assertEquals(renew(table, `n/1/${i}`, 0, TTL), "renewed 1");
    }
    assertEquals(renew(table, "n/1/1000", 1, TTL), "-");
    assertEquals(renew(table, "m/1/1", 1, TTL), "renewed 1");
    assertEquals(renew(table, "n/1/0", 1, TTL), "renewed 1");
    assertEquals(renew(table, "n/1/1000", TTL, TTL), "renewed 1");
  });

  it("finds the sessions of a node, and the hosts of a singleton, among many others", () => {
    const table = makeTable();
    for (let i = 0; i < MAX_SESSIONS - 1; i++) renew(table, `n${i % 200}/1/${i}`, 0);
    table.renew("m/1/1", TTL, 1, 0, ["counter"]);
    const before = performance.now();
    for (let i = 0; i < 1_000; i++) {
      assertEquals(table.newest("m", 1), { type: "newest", session: "m/1/1", remaining: TTL - 1 });
      assertEquals(table.hosting("counter", 1), { type: "hosting", nodes: ["m"] });
    }
    // A search through all of them each time takes more than five seconds.
    assertLess(performance.now() - before, 500);
    // The singletons of a node may change, and are dropped with its session.
    table.renew("m/1/1", TTL, 2, 1, ["other"]);
    assertEquals(table.hosting("counter", 2), { type: "hosting", nodes: [] });
    table.end("m/1/1", 3);
    assertEquals(table.hosting("other", 3), { type: "hosting", nodes: [] });
  });

  it("makes room for other renewals as soon as some have expired", () => {
    const table = makeTable();
    for (let i = 0; i < MAX_SESSIONS; i++) renew(table, `n${i % 200}/1/${i}`, 0, TTL);
    assertEquals(renew(table, "m/1/1", TTL - 1), "-");
    assertEquals(renew(table, "m/1/1", TTL + MIN_TTL), "renewed 1");
  });

  it("fences no more than MAX_SESSIONS at a time: further fences get no answer, and fenced sessions stay fenced", () => {
    const table = makeTable();
    assertEquals(renew(table, "m/1/1", 0), "renewed 1");
    for (let i = 0; i < MAX_SESSIONS; i++) table.fence(`n/1/${i}`, 2 * TTL);
    assertEquals(table.fence("o/1/1", 2 * TTL), undefined);
    assertEquals([table.end("m/1/1", 2 * TTL), renew(table, "m/1/1", 2 * TTL)], [
      undefined,
      "renewed 1",
    ]);
    assertEquals([fence(table, "n/1/0", 2 * TTL), renew(table, "n/1/1", 2 * TTL)], [
      "fenced",
      "refused",
    ]);
    assertEquals(table.size, MAX_SESSIONS + 1);
    // The oldest ones are dropped as soon as they are no longer needed; the two that were requested again are
    // not among them.
    const later = 2 * TTL + FENCED_KEPT * MAX_TTL;
    assertEquals(fence(table, "o/1/1", later - MIN_TTL), "-");
    assertEquals(fence(table, "n/1/0", later - 1), "fenced");
    assertEquals(renew(table, "n/1/1", later - 1), "refused");
    assertEquals(fence(table, "o/1/1", later), "fenced");
    assertEquals(table.fenced(), ["n/1/0", "n/1/1", "o/1/1"]);
  });

  it("ended sessions make room for others at once: they cannot become valid again", () => {
    const table = makeTable();
    for (let i = 0; i < MAX_SESSIONS; i++) table.end(`m/1/${i}`, i / MAX_SESSIONS);
    assertEquals([fence(table, s1, 1), table.end(s2, 1)?.type], ["fenced", "fenced"]);
    assertEquals([table.fenced(), table.ended().at(-1)], [[s1], s2]);
    // The oldest ones, a few at a time.
    const left = table.ended().length;
    assert(left > MAX_SESSIONS * 0.95 && left < MAX_SESSIONS, `${left} left`);
    assertEquals(table.ended()[0], `m/1/${MAX_SESSIONS + 1 - left}`);
  });

  it("the shortest ttl is MIN_TTL, on which the count of fences relies", () => {
    assertEquals(MIN_TTL, 100);
  });
});
