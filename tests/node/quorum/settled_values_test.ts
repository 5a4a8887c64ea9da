import { assertEquals, assertNotStrictEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { encodeValue, registerId } from "../../../lib/codec.ts";
import { SettledValues } from "../../../lib/node/quorum/settled_values.ts";
import { type Present, REGISTER_KINDS } from "../../../lib/paxos/register.ts";
import { present } from "../../paxos/support/changes.ts";

/** A state with this value and these bindings. */
function value(text: string, bindings: Present["bindings"] = []): Present {
  return { ...present(text), bindings, token: 3, over: 0 };
}

describe("SettledValues", () => {
  it("keeps a value without bindings unchanged", () => {
    const settled = new SettledValues(() => true);
    settled.note("k1", value("x"), 0);
    settled.note("k1", value("y"), 0);
    assertEquals(settled.get("k1"), value("x"));
    assertEquals(settled.get("k2"), undefined);
  });

  it("keeps no value that can end", () => {
    const settled = new SettledValues(() => true);
    settled.note("k1", value("x", [{ kind: "until", time: 5 }]), 0);
    assertEquals(settled.get("k1"), undefined);
  });

  it("forgets all values of a lost cluster, and takes no value that was read in it", () => {
    const settled = new SettledValues(() => true);
    const { generation } = settled;
    settled.note("k1", value("x"), generation);
    settled.clear();
    assertEquals(settled.get("k1"), undefined);
    // This read began before the cluster was lost.
    settled.note("k1", value("x"), generation);
    assertEquals(settled.get("k1"), undefined);
    settled.note("k1", value("y"), settled.generation);
    assertEquals(settled.get("k1"), value("y"));
  });

  it("forgets the least recently requested value first, beyond ten thousand", () => {
    const settled = new SettledValues(() => true);
    for (let i = 0; i < 10_000; i++) settled.note(`k${i}`, value("x"), 0);
    settled.get("k0");
    settled.note("new", value("x"), 0);
    assertEquals([settled.get("k0"), settled.get("k1")], [value("x"), undefined]);
  });

  it("keeps 16 MiB at most", () => {
    const settled = new SettledValues(() => true);
    const large = { ...value("x"), value: new Uint8Array(2 ** 20) };
    for (let i = 0; i < 20; i++) settled.note(`k${i}`, large, 0);
    const kept = Array.from({ length: 20 }, (_, i) => settled.get(`k${i}`) !== undefined);
    assertEquals(kept.filter((is) => is).length, 15);
    assertEquals(kept[19], true);
  });
});

/** The register of a key in the default bucket. */
function of(key: string): string {
  return registerId(REGISTER_KINDS.key, undefined, key);
}

/** Notes that keys have these values. */
function noted(values: Readonly<Record<string, unknown>>, hasQuorum = () => true): SettledValues {
  const settled = new SettledValues(hasQuorum);
  for (const [key, value] of Object.entries(values)) note(settled, key, value);
  return settled;
}

function note(settled: SettledValues, key: string, value: unknown): void {
  const state = { ...present(""), value: encodeValue(value, 2 ** 22), token: 3, over: 0 };
  settled.note(of(key), state, settled.generation);
}

describe("SettledValues: the value of a key", () => {
  it("is what was put, the first time and later", () => {
    const values = {
      ...{ text: "Zürich", empty: "", zero: 0, negative: -0, nan: NaN, big: 2n ** 70n },
      ...{ yes: true, no: false, none: null, bytes: Uint8Array.of(1), map: new Map([[1, [2]]]) },
    };
    const settled = noted(values);
    for (const [key, value] of Object.entries(values)) {
      for (let time = 0; time < 3; time++) assertEquals(settled.value(key), value);
    }
  });

  it("is the caller's own", () => {
    const settled = noted({ k: { list: [1] } });
    const before: unknown[] = [];
    for (let time = 0; time < 3; time++) {
      const value = settled.value("k") as { list: number[] };
      assertEquals(value, { list: [1] });
      value.list.push(2);
      for (const one of before) assertNotStrictEquals(value, one);
      before.push(value);
    }
  });

  it("is unknown without a quorum, whether or not it was returned before", () => {
    let hasQuorum = false;
    const settled = noted({ k: 1, o: [] }, () => hasQuorum);
    const both = () => [settled.value("k"), settled.value("o"), settled.get(of("k"))?.token];
    for (let time = 0; time < 3; time++) {
      hasQuorum = false;
      assertEquals(both(), [undefined, undefined, undefined]);
      hasQuorum = true;
      assertEquals(both(), [1, [], 3]);
    }
  });

  it("is forgotten with its cluster", () => {
    const settled = noted({ k: 1, o: [1] });
    assertEquals([settled.value("k"), settled.value("o")], [1, [1]]);
    settled.clear();
    assertEquals([settled.value("k"), settled.value("o")], [undefined, undefined]);
    note(settled, "k", 2);
    assertEquals([settled.value("k"), settled.value("k")], [2, 2]);
  });

  it("is that of the default bucket", () => {
    const settled = noted({ k: 1 });
    const state = { ...present(""), value: encodeValue(2, 9), token: 3, over: 0 };
    settled.note(registerId(REGISTER_KINDS.key, "b", "other"), state, 0);
    settled.note(registerId(REGISTER_KINDS.cell, undefined, "other"), state, 0);
    assertEquals([settled.value("k"), settled.value("other")], [1, undefined]);
  });

  it("is unknown for what has to be read: other keys, what is no key, bytes that are no value", () => {
    const settled = noted({ 1: "text" });
    const other = { ...value(""), value: encodeValue("another", 9) };
    for (const key of [1, ["1"], null]) {
      settled.note(registerId(REGISTER_KINDS.key, undefined, key), other, 0);
    }
    settled.note(of("bad"), { ...other, value: Uint8Array.of(0xff) }, 0);
    settled.note(of("none"), { ...other, value: Uint8Array.of(0xf7) }, 0);
    for (const key of [1, ["1"], null, undefined, {}, Symbol(), "x".repeat(5_000), "bad", "none"]) {
      for (let time = 0; time < 2; time++) assertEquals(settled.value(key), undefined);
    }
    assertEquals(settled.value("1"), "text");
  });

  it("is kept apart for ten thousand keys at most, and the oldest is dropped first", () => {
    const settled = noted({});
    const put = (name: string) => {
      for (let i = 0; i < 10_000; i++) note(settled, `${name}${i}`, i);
    };
    put("a");
    for (const i of [0, 1]) assertEquals(settled.value(`a${i}`), i);
    put("b");
    // Only these two were returned before the others took their places.
    assertEquals([0, 1, 2].map((i) => settled.value(`a${i}`)), [0, 1, undefined]);
    for (let i = 0; i < 9_999; i++) settled.value(`b${i}`);
    assertEquals([0, 1].map((i) => settled.value(`a${i}`)), [undefined, 1]);
  });

  it("is kept apart for 4 MiB of keys and values at most", () => {
    for (
      const make of [
        (length: number) => "x".repeat(length),
        (length: number) => new Uint8Array(length),
      ]
    ) {
      const settled = noted({});
      const read = (name: string) => {
        for (let i = 0; i < 5; i++) {
          note(settled, `${name}${i}`, make(2 ** 20));
          settled.value(`${name}${i}`);
        }
      };
      read("a");
      // These take the places of the others among all values, of which 16 MiB are kept, but are not returned.
      for (let i = 0; i < 20; i++) note(settled, `b${i}`, make(2 ** 20));
      const kept = Array.from({ length: 5 }, (_, i) => settled.value(`a${i}`) !== undefined);
      assertEquals(kept, [false, false, true, true, true]);
    }
  });
});
