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

  it("refuses all garbage, and closes no connection for another reason", () => {
    assertEquals([...phase("garbage by webSocket").answers], [["4401", GARBAGE]]);
    assertEquals([...phase("garbage by http").answers], [["401", GARBAGE]]);
  });

  it("tolerates silent connections, and closes the oldest ones when the limit is reached", () => {
    const { sentAway } = outcome;
    const [refused, postponed] = [sentAway.get("4401") ?? 0, sentAway.get("4429") ?? 0];
    assertEquals(refused + postponed, SILENT, JSON.stringify([...sentAway]));
    // Each other connection in the handshake at the same time has displaced one of them.
    assertGreater(postponed, 0);
    assert(postponed <= WIDTH, `${postponed}`);
  });

  it("stops a stranger that sends 1 GiB", () => {
    isStopped("1 GiB of a stranger by webSocket", ["4401", ...RESET]);
    isStopped("1 GiB of a stranger by http", ["401", ...RESET]);
  });

  it("stops a peer that sends a request of 1 GiB", () => {
    isStopped("1 GiB of a peer by http", ["400", ...RESET]);
  });

  it("takes 1 GiB of a peer in the longest frames", () => {
    const { answers, sent } = phase("1 GiB of a peer by webSocket");
    // The peer closed the connection, without a code.
    assertEquals([...answers.keys()], ["1005"]);
    assertGreater(sent!, GIB);
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
