import { assertEquals, assertLess } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { lifeOf, MAX_ENDED_LIVES } from "../../lib/paxos/ended_lives.ts";
import { makeSession, SessionTable } from "../../lib/paxos/sessions.ts";

const TTL = 1_000;
const MAX_TTL = 5_000;

/** Two sessions of one life of a node, and one of its next life. */
const [first, second, next] = ["n/1/1", "n/1/2", "n/2/1"];

/** The replies to `renew`, `fence` and `look`, and whether the session is stale. */
function standing(table: SessionTable, session: string, now: number): unknown[] {
  const fence = table.fence(session, now);
  const look = table.look(session, now);
  return [
    table.renew(session, TTL, 1, now)?.type,
    fence?.type,
    look.type === "alive" ? look.remaining : look.type,
    table.isStale(session, now),
  ];
}

const OVER = ["refused", "fenced", 0, true];

describe("SessionTable: a life that is proved to be over (section 6)", () => {
  it("fences every session of that life at once, present and to come", () => {
    const table = new SessionTable(MAX_TTL);
    table.renew(first, TTL, 1, 0);
    assertEquals(table.over("1", 10), { type: "over", life: "1" });
    assertEquals(standing(table, first, 10), OVER);
    assertEquals(standing(table, second, 10), OVER);
    assertEquals(table.isPresent("n", 10), false);
    assertEquals(table.newest("n", 10), { type: "newest", session: null, remaining: 0 });
  });

  it("leaves the sessions of other lives alone, also of the same node, before and after it", () => {
    const table = new SessionTable(MAX_TTL);
    table.renew(next, TTL, 1, 0);
    table.over("1", 0);
    assertEquals(table.renew(next, TTL, 2, 1), { type: "renewed", session: next, renewal: 2 });
    assertEquals(table.renew("1/2/1", TTL, 1, 1)?.type, "renewed");
    assertEquals(table.fence(next, 1)?.type, "alive");
    assertEquals(table.newest("n", 1), { type: "newest", session: next, remaining: TTL });
  });

  it("its node hosts no singletons any more", () => {
    const table = new SessionTable(MAX_TTL);
    table.renew(first, TTL, 1, 0, ["counter"]);
    table.over("1", 1);
    assertEquals(table.hosting("counter", 1), { type: "hosting", nodes: [] });
  });

  it("needs no wait at a member that just came back: a proof to it, or a copy", () => {
    for (const copied of [true, false]) {
      const table = new SessionTable(MAX_TTL);
      table.recover(1_000, [], [], copied ? ["1"] : []);
      if (!copied) table.over("1", 1_000);
      assertEquals(standing(table, first, 1_000), OVER);
      // All others count as alive.
      assertEquals(table.fence(next, 1_000), {
        type: "alive",
        session: next,
        remaining: MAX_TTL,
      });
    }
  });

  it("a fenced or ended session of that life stays so, and a copied fence needs no wait then", () => {
    const table = new SessionTable(MAX_TTL);
    table.recover(1_000, [first], [second]);
    assertEquals(table.fence(first, 1_000)?.type, "alive");
    table.over("1", 1_000);
    assertEquals(standing(table, first, 1_000), OVER);
    assertEquals(standing(table, second, 1_000), OVER);
  });

  it("is kept for the longest time to live after the latest proof, regardless of the requests", () => {
    const table = new SessionTable(MAX_TTL);
    table.over("1", 0);
    table.over("1", 1_000);
    for (let now = 0; now < 6_000; now += 250) assertEquals(standing(table, first, now), OVER);
    assertEquals(table.endedLives(), ["1"]);
    table.fence(next, 7_500);
    assertEquals(table.endedLives(), []);
    assertEquals(table.renew(first, TTL, 1, 7_500)?.type, "renewed");
  });

  it("a copy is handed on", () => {
    const table = new SessionTable(MAX_TTL);
    table.recover(0, [], [], ["1", "2"]);
    table.over("3", 0);
    assertEquals(table.endedLives(), ["1", "2", "3"]);
  });

  it("keeps a bounded number of lives, and drops the oldest", () => {
    const table = new SessionTable(600_000);
    for (let life = 0; life < MAX_ENDED_LIVES + 10; life++) table.over(`${life}`, life / 1_000);
    assertLess(table.size, MAX_ENDED_LIVES + 1);
    assertEquals([table.isLifeOver("0"), table.isLifeOver(`${MAX_ENDED_LIVES + 9}`)], [
      false,
      true,
    ]);
  });

  it("lifeOf() is the life in the id of a session", () => {
    assertEquals(
      lifeOf(makeSession("w-1.a_B", "0123456789abcdefghi-", 12)),
      "0123456789abcdefghi-",
    );
  });
});
