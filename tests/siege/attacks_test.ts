import { beforeAll, describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { ATTACKS } from "./attacks/all.ts";
import type { Attack, Who } from "./attacks/attack.ts";
import { lineOf } from "./report.ts";
import { type Row, rowsOf } from "./rows.ts";

/**
 * How long each attack lasts, in milliseconds: one or a few tries. `deno task siege` gives each of them longer, and
 * waits until the garbage collector had its turn: only there the memory is judged.
 */
const EACH = 40;

/** The machine may be busy with other tests: a put fails, and a session is lost, only after this time. */
const TIMES = { sessionTtl: 4_000, timeout: 10_000 };

/** Each attack once: of those that go over both transports, or that several kinds make, one takes the turn. */
function shortened(): Set<Attack> {
  const alike = new Map<string, Attack[]>();
  for (const attack of ATTACKS) alike.set(attack.what, [...alike.get(attack.what) ?? [], attack]);
  return new Set([...alike.values()].map((some, index) => some[index % some.length]));
}

describe("three members under attack (short)", () => {
  const rows: Row[] = [];
  beforeAll(async () => {
    const chosen = shortened();
    const plan = { time: EACH, times: TIMES, wanted: (attack: Attack) => chosen.has(attack) };
    for await (const row of rowsOf("deno", plan)) rows.push(row);
  });

  /** The lines of the rows that are not as they should be. */
  const lines = (isWrong: (row: Row) => boolean) => rows.filter(isWrong).map(lineOf);

  it("are attacked by everyone, over WebSocket and HTTP", () => {
    for (const who of ["guest", "stranger", "server", "peer"] satisfies Who[]) {
      for (const over of ["ws", "http"]) {
        const count = rows.filter(({ attack }) => attack.who === who && attack.over === over);
        assertGreater(count.length, 4, `${who} ${over}`);
      }
    }
    // Some wait for a member to come, and it does not come at once.
    const unanswered = rows.filter(({ answers }) => answers.size === 0);
    assertLess(unanswered.length, rows.length / 4, unanswered.map(lineOf).join("\n"));
  });

  it("go on: no put fails, no session is lost, and what was settled stays", () => {
    assertEquals(lines(({ puts, harm }) => puts.failed > 0 || harm.length > 0), []);
    assert(rows.reduce((sum, { puts }) => sum + puts.done, 0) > rows.length);
  });
});
