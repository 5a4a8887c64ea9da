import { beforeAll, describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { GIB } from "./floods.ts";
import { besiege, GARBAGE, type Outcome, type Phase, SILENT, type Who } from "./siege.ts";
import { WIDTH } from "./strangers.ts";
import { line } from "./table.ts";

/**
 * Growth of the server's memory at most, in bytes. Measured: 45 MB under strangers; 230 MB under a peer,
 * whose frames of 16 MiB are accepted, one at a time, until the garbage collector frees the old ones.
 */
const MOST: Readonly<Record<Who, number>> = { strangers: 100e6, peers: 400e6 };

/**
 * Other possible ends of a flood: if unread data is left when a connection is closed, TCP resets it, and
 * the last messages may be lost.
 */
const RESET = ["0", "1006", "cut off"];

describe("a server in Bun under attack", () => {
  let outcome: Outcome;
  const phase = (name: string): Phase => outcome.phases.find((phase) => phase.name === name)!;

  const isStopped = (name: string, allowed: readonly string[]) => {
    const { answers, sent } = phase(name);
    for (const answer of answers.keys()) assert(allowed.includes(answer), `${name}: ${answer}`);
    assertLess(sent!, GIB / 2, name);
  };

  beforeAll(async () => {
    outcome = await besiege("bun");
  });

  /** How many of these connections were refused, and how many were sent away to make room. */
  const ends = (answers: ReadonlyMap<string, number>) => {
    const [refused, postponed] = [answers.get("4401") ?? 0, answers.get("4429") ?? 0];
    return { refused, postponed, told: JSON.stringify([...answers]) };
  };

  it("refuses all garbage, if it was not sent away before to make room", () => {
    const { refused, postponed, told } = ends(phase("garbage by webSocket").answers);
    assertEquals(refused + postponed, GARBAGE, told);
    assertEquals([...phase("garbage by http").answers], [["401", GARBAGE]]);
  });

  it("tolerates silent connections, and sends away as many as there are too many", () => {
    const silent = ends(outcome.sentAway);
    assertEquals(silent.refused + silent.postponed, SILENT, silent.told);
    // Each other connection in the handshake at the same time has displaced one, which chance has drawn: as a
    // rule one of the silent ones, which are fifty times as many. The stranger learns of the end of its connection
    // before the server does, so its next one may come while the server still counts the last one.
    assertGreater(silent.postponed, 0);
    const all = silent.postponed + ends(phase("garbage by webSocket").answers).postponed;
    assert(all <= 2 * WIDTH, `${all}`);
  });

  it("stops a stranger that sends 1 GiB", () => {
    isStopped("1 GiB of a stranger by webSocket", ["4401", ...RESET]);
    isStopped("1 GiB of a stranger by http", ["401", ...RESET]);
  });

  it("stops a peer that sends a request of 1 GiB", () => {
    isStopped("1 GiB of a peer by http", ["400", ...RESET]);
  });

  it("sends a peer away that sends the longest frames without waiting, as soon as it is behind", () => {
    const { answers, sent } = phase("1 GiB of a peer by webSocket");
    const [end] = answers.keys();
    // As long as it keeps up it takes all of it; then the peer closes the connection, without a code.
    assert(["1005", "4400", ...RESET].includes(end), end);
    if (end === "1005") assertGreater(sent!, GIB);
  });

  it("serves an honest client at the same time", () => {
    const puts = (who: Who, what: "done" | "failed") =>
      outcome.phases
        .filter((phase) => phase.who === who)
        .reduce((sum, { puts }) => sum + puts[what], 0);
    const told = outcome.phases.map(line).join("\n");
    assertGreater(puts("strangers", "done"), 50, told);
    assertEquals(puts("strangers", "failed"), 0, told);
    // A peer may use the server's time, but not block others for as long as a session.
    assertGreater(puts("peers", "done"), 2 * puts("peers", "failed"), told);
    assertEquals(outcome.lost, 0, told);
  });

  it("needs little memory for strangers, and not much for peers", () => {
    for (const { name, who, memory } of outcome.phases) {
      const more = memory.peak - outcome.before;
      assertLess(more, MOST[who], `${name}: ${Math.round(more / 1e6)} MB more than before`);
    }
  });
});
