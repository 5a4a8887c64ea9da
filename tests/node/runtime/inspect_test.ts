import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { showAs } from "../../../lib/node/runtime/inspect.ts";

const [NODE, DENO] = [
  Symbol.for("nodejs.util.inspect.custom"),
  Symbol.for("Deno.customInspect"),
];

class Point {
  readonly #x: number;

  constructor(x: number) {
    this.#x = x;
  }

  static readonly fields = (point: Point) => ({ x: point.#x });
}
showAs(Point.prototype, "Point", Point.fields);

/** What the runtime's own function would print. */
const inspect = (value: unknown, options: unknown) => `${JSON.stringify(value)} ${options}`;

/** What both kinds of runtimes print of `value`. */
function shown(value: object): string[] {
  const methods = value as Record<symbol, (...args: unknown[]) => string>;
  return [methods[NODE](1, "options", inspect), methods[DENO](inspect, "options")];
}

describe("showAs()", () => {
  it("shows an object by its name and the fields, in Node and Bun as in Deno", () => {
    assertEquals(shown(new Point(5)), new Array(2).fill('Point {"x":5} options'));
  });

  it("shows the prototype, and what merely inherits from it, without fields", () => {
    for (const value of [Point.prototype, Object.create(Point.prototype)]) {
      assertEquals(shown(value), ["Point {}", "Point {}"]);
    }
  });

  it("adds no enumerable property", () => {
    assertEquals(Object.getOwnPropertyDescriptor(Point.prototype, NODE)?.enumerable, false);
    const names = [];
    for (const name in new Point(1)) names.push(name);
    assertEquals(names, []);
  });
});
