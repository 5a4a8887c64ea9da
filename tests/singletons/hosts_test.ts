import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertThrows } from "@std/assert";
import { decodeValue, registerId } from "../../lib/codec.ts";
import { checkHosts } from "../../lib/singletons/hosts.ts";

const GOOD = { id: "counter", start: () => ({}) };

/** Longest encoded arguments, in bytes. */
const MAX_BYTES = 100;

const specsOf = (hosts: unknown) => checkHosts(hosts, MAX_BYTES).specs;

/** The instances that have to run: their registers, the ids of their specs, and their arguments. */
const keptOf = (hosts: unknown) =>
  [...checkHosts(hosts, MAX_BYTES).kept].map(([register, { spec, args }]) =>
    [register, spec.id, decodeValue(args)] as const
  );

describe("checkHosts()", () => {
  it("takes a list of specs, or nothing", () => {
    assertEquals(specsOf(undefined), []);
    assertEquals(specsOf([]), []);
    const other = { ...GOOD, id: "other" };
    assertEquals(specsOf([GOOD, other]), [GOOD, other]);
  });

  it("returns a copy of the list", () => {
    const given = [GOOD];
    const kept = specsOf(given);
    given.push({ ...GOOD, id: "late" });
    assertEquals(kept, [GOOD]);
  });

  it("throws a TypeError for a value that is not a list", () => {
    for (const hosts of [null, GOOD, "counter", new Set([GOOD]), () => [GOOD]]) {
      assertThrows(() => specsOf(hosts), TypeError, "Cannot join: hosts must be a list");
    }
  });

  it("throws a TypeError that says which spec is wrong", () => {
    const broken = { ...GOOD, id: "broken", start: "no" };
    assertThrows(
      () => specsOf([GOOD, broken]),
      TypeError,
      'Cannot join: hosts[1]: start must be a function, received "no"',
    );
    assertThrows(() => specsOf([GOOD, null]), TypeError, "hosts[1]: spec must be a ChildSpec");
  });

  it("throws a TypeError for an id that occurs twice", () => {
    const twin = { ...GOOD };
    assertThrows(
      () => specsOf([GOOD, twin]),
      TypeError,
      'Cannot join: hosts[1].id occurs twice: "counter"',
    );
  });

  it("takes 1,000 specs, and throws a TypeError for more", () => {
    const hosts = Array.from({ length: 1_001 }, (_, n) => ({ ...GOOD, id: `spec ${n}` }));
    assertEquals(specsOf(hosts.slice(1)).length, 1_000);
    assertThrows(() => specsOf(hosts), TypeError, "at most 1000, received 1001");
  });
});

describe("an instance in the list of hosts", () => {
  const other = { ...GOOD, id: "other" };

  it("has a spec that the node can run, a key, and arguments", () => {
    const hosts = [{ spec: GOOD, key: "a", args: [1, "x"] }, other, { spec: GOOD, key: ["b", 2] }];
    assertEquals(specsOf(hosts), [GOOD, other]);
    assertEquals(keptOf(hosts), [
      [registerId("s", "counter", "a"), "counter", [1, "x"]],
      [registerId("s", "counter", ["b", 2]), "counter", []],
    ]);
  });

  it("may have a spec that is in the list by itself", () => {
    for (const hosts of [[GOOD, { spec: GOOD, key: "a" }], [{ spec: GOOD, key: "a" }, GOOD]]) {
      assertEquals(specsOf(hosts), [GOOD]);
      assertEquals(keptOf(hosts).length, 1);
    }
  });

  const REFUSED: readonly (readonly [host: unknown, message: string])[] = [
    [{ spec: null, key: "a" }, "hosts[0].spec: spec must be a ChildSpec"],
    [{ spec: { ...GOOD, id: 1 }, key: "a" }, "hosts[0].spec: id must be"],
    [{ spec: GOOD }, "hosts[0].key"],
    [{ spec: GOOD, key: () => 1 }, "hosts[0].key"],
    [{ spec: GOOD, key: "a", args: "x" }, 'hosts[0].args must be a list, received "x"'],
    [{ spec: GOOD, key: "a", args: [() => 1] }, "hosts[0].args cannot be sent"],
    [{ spec: GOOD, key: "a", args: ["x".repeat(MAX_BYTES)] }, "hosts[0].args cannot be sent"],
    [{ spec: GOOD, key: "a", arg: [1] }, "unknown option arg; did you mean args?"],
  ];
  for (const [index, [host, message]] of REFUSED.entries()) {
    it(`is refused with the name of what is wrong: ${index + 1}, ${message}`, () => {
      assertThrows(() => keptOf([host]), TypeError, message);
    });
  }

  it("is refused if its key, or another spec with its id, is there already", () => {
    const one = { spec: GOOD, key: "a" };
    assertThrows(() => keptOf([one, one]), TypeError, 'hosts[1].key occurs twice for "counter"');
    const twin = { spec: { ...GOOD }, key: "b" };
    assertThrows(() => keptOf([one, twin]), TypeError, "hosts[1].spec.id occurs twice");
    assertThrows(() => keptOf([{ ...GOOD }, one]), TypeError, "hosts[1].spec.id occurs twice");
  });
});
