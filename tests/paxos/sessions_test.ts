import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import {
  compareSessions,
  makeSession,
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

/** `fenced`, or `alive 300`: what `fence` says at `now`. */
function fence(table: SessionTable, session: string, now: number): string {
  const reply = table.fence(session, now);
  if (reply === undefined) return "-";
  return reply.type === "alive" ? `alive ${reply.remaining}` : reply.type;
}

/** `renewed 3`, `refused` or `-`: what `renew` says at `now`. */
function renew(table: SessionTable, session: string, now: number, ttl = TTL, renewal = 1): string {
  const reply = table.renew(session, ttl, renewal, now);
  if (reply === undefined) return "-";
  assert("session" in reply && reply.session === session);
  return reply.type === "renewed" ? `renewed ${reply.renewal}` : reply.type;
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
  it("a session that was renewed less than its ttl ago is alive; the whole ttl is waited for", () => {
    const table = makeTable();
    assertEquals(renew(table, s1, 100, TTL, 7), "renewed 7");
    assertEquals(
      [100, 101, 1_099, 1_099.9].map((now) => fence(table, s1, now)),
      ["alive 1000", "alive 999", "alive 1", `alive ${1_100 - 1_099.9}`],
    );
    assertEquals(fence(table, s1, 1_100), "fenced");
  });

  it("each renewal begins the ttl anew, measured here from its arrival", () => {
    const table = makeTable();
    renew(table, s1, 0);
    renew(table, s1, 900);
    assertEquals([fence(table, s1, 1_000), fence(table, s1, 1_899)], ["alive 900", "alive 1"]);
    assertEquals(fence(table, s1, 1_900), "fenced");
  });

  it("asking in vain does not shorten it: `alive` changes nothing", () => {
    const table = makeTable();
    renew(table, s1, 0);
    for (let now = 0; now < 1_000; now += 10) fence(table, s1, now);
    assertEquals(renew(table, s1, 999), "renewed 1");
    assertEquals(fence(table, s1, 1_500), "alive 499");
  });

  it("renewal is refused once it is fenced, for ever, and fences go on", () => {
    const table = makeTable();
    renew(table, s1, 0);
    assertEquals(fence(table, s1, 1_000), "fenced");
    for (const now of [1_000, 1_001, 2_000, 6_000, 20_000]) {
      assertEquals(renew(table, s1, now), "refused");
      assertEquals(fence(table, s1, now), "fenced");
    }
  });

  it("a session that it never heard of can be fenced at once, and is refused then", () => {
    const table = makeTable();
    assertEquals(fence(table, s1, 0), "fenced");
    assertEquals(renew(table, s1, 1), "refused");
    assertEquals(renew(table, s2, 1), "renewed 1");
  });

  it("one that has run out may still be renewed, as long as nobody fenced it here", () => {
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

  it("is but a belief: it fences nothing", () => {
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

  it("not even for sessions in the fenced set that it copied; but it refuses to renew those", () => {
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

  it("a renewal of that time lasts its own ttl, should that be longer", () => {
    const table = makeTable();
    table.recover(0, []);
    assertEquals(renew(table, s1, 4_500), "renewed 1");
    assertEquals([fence(table, s1, 4_600), fence(table, s1, 5_000)], ["alive 900", "alive 500"]);
    assertEquals(fence(table, s1, 5_500), "fenced");
  });

  it("a renewal of that time that ran out is alive all the same, for the renewals it forgot", () => {
    const table = makeTable();
    table.recover(0, []);
    renew(table, s1, 0, 100);
    assertEquals(fence(table, s1, 200), "alive 4800");
  });

  it("gives its fenced set on to the next one that loses its memory, copied ones too", () => {
    const table = makeTable();
    table.recover(0, [s1]);
    table.end("m/1/1", 1);
    fence(table, "o/1/1", 6_000);
    assertEquals(table.fenced().toSorted(), ["m/1/1", s1, "o/1/1"]);
  });
});

describe("SessionTable: the wait for grants", () => {
  it("grants no session before its time, and says for how long", () => {
    const table = makeTable();
    table.grantFrom(3_000);
    assertEquals([renew(table, s1, 0), renew(table, s1, 2_999)], ["-", "-"]);
    assertEquals([table.wait(0), table.wait(2_999), table.wait(3_000)], [3_000, 1, 0]);
    assertEquals(renew(table, s1, 3_000), "renewed 1");
    assertEquals(table.wait(9_000), 0);
  });

  it("what it did not grant, it does not count as alive", () => {
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
    assertEquals(newest(table, "n", 500), "n/1/10"); // n/2/1 has run out
    table.end("n/1/10", 501);
    assertEquals(newest(table, "n", 501), "n/1/9");
    assertEquals(newest(table, "n", 1_000), null);
  });

  it("is of that very node, not of one whose id begins alike", () => {
    const table = makeTable();
    renew(table, "n1/1/1", 0);
    renew(table, "nn/1/1", 0);
    assertEquals([newest(table, "n", 0), newest(table, "n1", 0)], [null, "n1/1/1"]);
  });

  it("says for how long it could not be fenced yet", () => {
    const table = makeTable();
    renew(table, s1, 0);
    assertEquals(table.newest("n", 300), { type: "newest", session: s1, remaining: 700 });
    assertEquals(table.newest("m", 300), { type: "newest", session: null, remaining: 0 });
    const recovered = makeTable();
    recovered.recover(0, []);
    renew(recovered, s1, 100);
    assertEquals(recovered.newest("n", 300), { type: "newest", session: s1, remaining: 4_700 });
  });

  it("asking changes nothing", () => {
    const table = makeTable();
    renew(table, s1, 0);
    for (let now = 0; now < 1_000; now += 100) newest(table, "n", now);
    assertEquals(fence(table, s1, 1_000), "fenced");
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

  it("what a session can run is what its latest renewal says", () => {
    const table = makeTable();
    table.renew(s1, TTL, 1, 0, ["s"]);
    table.renew(s1, TTL, 2, 1, ["t"]);
    assertEquals([hosting(table, "s", 1), hosting(table, "t", 1)], [[], ["n"]]);
  });
});

describe("SessionTable: bounds", () => {
  it("a fenced entry may go ten maxTtl after it was last asked for, not before", () => {
    const table = makeTable();
    fence(table, s1, 0);
    assertEquals(renew(table, s1, 10), "refused"); // asked for
    fence(table, s2, 10 * MAX_TTL + 9); // makes it tidy up
    assertEquals(renew(table, s1, 10 * MAX_TTL + 9), "refused");
    const last = 10 * MAX_TTL + 9;
    fence(table, s2, last + 10 * MAX_TTL - 1);
    assertEquals(table.fenced().includes(s1), true);
    fence(table, s2, last + 12 * MAX_TTL);
    assertEquals(table.fenced(), [s2]);
  });

  it("a fence or a refused renewal asks for it again", () => {
    for (const ask of [fence, renew] as const) {
      const table = makeTable();
      fence(table, s1, 0);
      for (let now = 0; now < 40 * MAX_TTL; now += 9 * MAX_TTL) {
        assert(ask(table, s1, now) !== "renewed 1");
        fence(table, s2, now);
      }
      assertEquals(table.fenced().includes(s1), true);
    }
  });

  it("a fenced entry that was asked for since is refused all the longer", () => {
    const table = makeTable();
    fence(table, s1, 0);
    fence(table, s1, 9 * MAX_TTL);
    fence(table, s2, 10 * MAX_TTL + 1); // makes it tidy up
    assertEquals(renew(table, s1, 10 * MAX_TTL + 2), "refused");
  });

  it("a renewal that has not run out stays", () => {
    const table = makeTable();
    renew(table, s1, 0, MAX_TTL);
    fence(table, s2, 1);
    renew(table, s1, MAX_TTL - 1, MAX_TTL);
    fence(table, s2, 2 * MAX_TTL - 2); // makes it tidy up
    assertEquals(fence(table, s1, 2 * MAX_TTL - 2), "alive 1");
    assertEquals(newest(table, "n", 2 * MAX_TTL - 2), s1);
  });

  it("renewals that have run out go, and it answers as if they were there", () => {
    const table = makeTable();
    for (let i = 0; i < 100; i++) renew(table, `n/1/${i}`, i * MAX_TTL);
    assert(table.size <= 8, `${table.size} entries`);
    assertEquals(fence(table, "n/1/0", 100 * MAX_TTL), "fenced");
  });

  it("keeps track of no more than MAX_SESSIONS: renewals of more get no answer", () => {
    const table = makeTable();
    for (let i = 0; i < MAX_SESSIONS; i++) assertEquals(renew(table, `n/1/${i}`, 0), "renewed 1");
    assertEquals(renew(table, "m/1/1", 1), "-");
    assertEquals(renew(table, "n/1/0", 1), "renewed 1");
    assertEquals(table.size, MAX_SESSIONS);
    table.end("n/1/1", 2);
    assertEquals(renew(table, "m/1/1", 2), "renewed 1");
  });

  it("and of no more fenced ones: fences of more get no answer, and what is fenced stays so", () => {
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
  });

  it("the shortest ttl that there is, is known to who counts fences", () => {
    assertEquals(MIN_TTL, 100);
  });
});
