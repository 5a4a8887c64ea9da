import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { Fingerprint } from "../../testing/fingerprint.ts";
import { Random } from "../../testing/random.ts";

const draw = (random: Random, count: number) =>
  Array.from({ length: count }, () => random.integer(0, 2 ** 31));

describe("Random", () => {
  it("gives the same stream for the same seed, in every runtime", () => {
    assertEquals(draw(new Random("7"), 100), draw(new Random("7"), 100));
    assertEquals(draw(new Random("7"), 3), [799675120, 20188699, 1668067571]);
    assertNotEquals(draw(new Random("7"), 3), draw(new Random("8"), 3));
  });

  it("fork() depends on the seed and the label, not on earlier draws", () => {
    const [used, fresh] = [new Random("7"), new Random("7")];
    draw(used, 50);
    assertEquals(draw(used.fork("a"), 5), draw(fresh.fork("a"), 5));
    assertNotEquals(draw(fresh.fork("a"), 5), draw(fresh.fork("b"), 5));
    assertNotEquals(draw(fresh.fork("a"), 5), draw(fresh, 5));
  });

  it("is evenly distributed, also over adjacent seeds", () => {
    const buckets = Array.from({ length: 16 }, () => 0);
    for (let seed = 0; seed < 16_000; seed++) buckets[new Random(`${seed}`).integer(0, 15)]++;
    for (const count of buckets) assert(count > 850 && count < 1150, `${buckets}`);
    const one = new Random("1");
    let sum = 0;
    for (let i = 0; i < 16_000; i++) sum += one.fraction();
    assert(sum > 7_800 && sum < 8_200, `${sum}`);
  });

  it("integer() includes both ends; pick() and weighted() return their choices", () => {
    const random = new Random("3");
    const drawn = Array.from({ length: 200 }, () => random.integer(2, 4));
    assertEquals([...new Set(drawn)].sort(), [2, 3, 4]);
    const picked = Array.from({ length: 200 }, () => random.pick(["x", "y"]));
    assertEquals([...new Set(picked)].sort(), ["x", "y"]);
    const weighted = Array.from({ length: 400 }, () => random.weighted({ a: 3, b: 0, c: 1 }));
    const count = (key: string) => weighted.filter((k) => k === key).length;
    assertEquals(count("b"), 0);
    assert(count("a") > 2 * count("c") && count("c") > 50, `${count("a")} ${count("c")}`);
    assertThrows(() => random.pick([]), RangeError);
  });

  it("shuffle() keeps all items, and can return any order", () => {
    const random = new Random("4");
    const orders = new Set(
      Array.from({ length: 300 }, () => random.shuffle([1, 2, 3]).join("")),
    );
    assertEquals([...orders].sort(), ["123", "132", "213", "231", "312", "321"]);
  });
});

describe("Fingerprint", () => {
  it("depends on every bit, and on the order", () => {
    const of = (...parts: (string | number | Uint8Array)[]) => {
      const fingerprint = new Fingerprint();
      for (const part of parts) {
        if (typeof part === "string") fingerprint.text(part);
        else if (typeof part === "number") fingerprint.number(part);
        else fingerprint.bytes(part);
      }
      return fingerprint.toString();
    };
    const all = [
      of("a", "b"),
      of("b", "a"),
      of(1),
      of(1.0000000000000002),
      of(-1),
      of(new Uint8Array([1, 2])),
      of(new Uint8Array([2, 1])),
      of(new Uint8Array([1, 2, 0])),
      of(),
    ];
    assertEquals(new Set(all).size, all.length);
    assertEquals(of("a", 1), of("a", 1));
    assertEquals(of("seed"), of("seed"));
    assert(all.every((fingerprint) => /^[0-9a-f]{16}$/.test(fingerprint)), `${all}`);
  });
});
