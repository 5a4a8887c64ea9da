/** One test in a report. */
export interface Reported {
  /** Its path: the names of its groups and its own name, joined with ` > `. */
  readonly name: string;
  readonly outcome: "passed" | "failed" | "skipped";
  readonly seconds: number;
}

// A comment, text that is not markup, or one tag with its attributes, which may contain a `>` (Node
// does not escape it).
const TOKEN =
  /<!--[^]*?-->|<!\[CDATA\[[^]*?\]\]>|<(\/?)([a-z]+)((?:\s+[\w:-]+="[^"]*")*)\s*(\/?)>/g;

const ENTITIES: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/** Decodes until nothing changes (Node encodes quotes twice), and folds white space. */
function decode(text: string): string {
  const decoded = text.replace(
    /&(?:(amp|lt|gt|quot|apos)|#(\d{1,7})|#x([\da-f]{1,6}));/gi,
    (_, named, decimal, hexadecimal) =>
      named
        ? ENTITIES[named.toLowerCase()]
        : String.fromCodePoint(decimal ? Number(decimal) : parseInt(hexadecimal, 16)),
  );
  return decoded === text ? text.replace(/\s+/g, " ").trim() : decode(decoded);
}

/**
 * Reads a JUnit report as Deno, Node and Bun write it. Throws if the report is incomplete: the process
 * ended before its tests did.
 *
 * Where a report lists a group besides its tests (as Deno's does), the group counts only if it failed
 * and none of its tests did: then one of its hooks failed.
 */
export function parseJunit(xml: string): Reported[] {
  const tests: { name: string; outcome: Reported["outcome"]; seconds: number }[] = [];
  let complete = false;
  for (const [, closing, tag, attributes] of xml.matchAll(TOKEN)) {
    const test = tests.at(-1);
    if (tag === "testcase" && !closing) {
      const name = /\sname="([^"]*)"/.exec(attributes)?.[1] ?? "";
      const seconds = Number(/\stime="([\d.e-]+)"/.exec(attributes)?.[1] ?? 0);
      tests.push({ name: decode(name), outcome: "passed", seconds });
    } else if ((tag === "failure" || tag === "error") && test) {
      test.outcome = "failed";
    } else if (tag === "skipped" && test && test.outcome === "passed") {
      test.outcome = "skipped";
    } else if (tag === "testsuites" && closing) {
      complete = true;
    }
  }
  if (!complete) throw new Error("the report is not complete");
  return tests.filter(({ name, outcome }) => {
    const inside = tests.filter((test) => test.name.startsWith(`${name} > `));
    if (inside.length === 0) return true;
    return outcome === "failed" && inside.every((test) => test.outcome !== "failed");
  });
}
