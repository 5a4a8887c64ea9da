import { beforeAll, describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { GIB } from "./floods.ts";
import { besiege, GARBAGE, type Outcome, type Phase, SILENT, type Who } from "./siege.ts";
import { WIDTH } from "./strangers.ts";
import { line } from "./table.ts";

/**
 * How much more memory the server may have than before, in bytes. Strangers have taken 45 MB; a peer, of
 * which frames of 16 MiB are taken, one at a time, 230 MB until the memory of old ones was collected.
 */
const MOST: Readonly<Record<Who, number>> = { strangers: 100e6, peers: 400e6 };

/**
 * How the end of a flood may look, too: where something is unread when a connection is closed, TCP resets
 * it, and the last words may be lost on the way.
 */
const RESET = ["0", "1006", "cut off"];

describe("a server in Bun that strangers and floods come to", () => {
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

  it("refuses garbage, all of it, and nobody is sent away for another reason", () => {
    assertEquals([...phase("garbage by webSocket").answers], [["4401", GARBAGE]]);
    assertEquals([...phase("garbage by http").answers], [["401", GARBAGE]]);
  });

  it("bears those who say nothing, and sends away those who were there first if it must", () => {
    const { sentAway } = outcome;
    const [refused, postponed] = [sentAway.get("4401") ?? 0, sentAway.get("4429") ?? 0];
    assertEquals(refused + postponed, SILENT, JSON.stringify([...sentAway]));
    // Each of the others who were at the door at the same time has cost one of them the place.
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
    // The peer has ended it, without a code.
    assertEquals([...answers.keys()], ["1005"]);
    assertGreater(sent!, GIB);
  });

  it("serves an honest client meanwhile", () => {
    const puts = (who: Who, what: "done" | "failed") =>
      outcome.phases
        .filter((phase) => phase.who === who)
        .reduce((sum, { puts }) => sum + puts[what], 0);
    const told = outcome.phases.map(line).join("\n");
    assertGreater(puts("strangers", "done"), 50, told);
    assertEquals(puts("strangers", "failed"), 0, told);
    // A peer may take the server's time, but not from others for as long as a session.
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
