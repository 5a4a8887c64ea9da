import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  FRAME_RULES,
  KEY_RULES,
  MAX_DEPTH,
  MAX_ITEMS,
  scan,
  type ScanRules,
  VALUE_RULES,
} from "../../lib/codec/scan.ts";
import { concat, hex } from "./support/bytes.ts";
import { Random } from "./support/random.ts";

const ALL: [string, ScanRules][] = [
  ["frame", FRAME_RULES],
  ["value", VALUE_RULES],
  ["key", KEY_RULES],
];

function accepts(text: string, ...rules: ScanRules[]): void {
  for (const [name, each] of ALL) {
    const wrong = scan(hex(text), 0, each);
    if (rules.includes(each)) assertEquals(wrong, undefined, `${text} in a ${name}`);
    else assert(typeof wrong === "string" && wrong !== "", `${text} in a ${name}`);
  }
}

function refuses(bytes: Uint8Array | string, why: RegExp, rules: ScanRules = KEY_RULES): void {
  const wrong = scan(typeof bytes === "string" ? hex(bytes) : bytes, 0, rules);
  assertMatch(String(wrong), why, `${bytes}`.slice(0, 100));
}

describe("scan()", () => {
  it("accepts the types of frames under all rules", () => {
    const good = ["00", "17", "18 18", "19 0100", "1a 00010000", "20", "38 ff", "3a ffffffff"];
    good.push("40", "42 0102", "60", "63 e282ac", "80", "82 01 80", "f4", "f5", "f6");
    good.push("fb 3ff199999999999a", "83 fb 4340000000000000 61 61 98 02 f4 42 0000");
    for (const text of good) accepts(text, FRAME_RULES, VALUE_RULES, KEY_RULES);
  });

  it("accepts the types of values and keys under their rules only", () => {
    const rich = ["1b 0000000000000001", "3b 0020000000000000", "f7", "f9 3c00", "fa 47c35000"];
    rich.push("a0", "a1 61 61 01", "c1 00", "c1 20", "c1 fb 3ff8000000000000", "c1 f9 3e00");
    rich.push("c2 41 01", "c3 40", "d9 0102 80", "d9 0102 82 01 02", "d9 0103 a1 01 02");
    for (const text of rich) accepts(text, VALUE_RULES, KEY_RULES);
  });

  it("accepts the tag for lone surrogates in keys only", () => {
    accepts("d9 0111 43 eda080", KEY_RULES);
  });

  it("refuses every other tag, in particular records and references", () => {
    const tags = ["c0", "c4", "c5", "c6", "d8 1b", "d8 1c", "d8 1d", "d8 18", "d8 20", "d8 40"];
    tags.push("d8 69", "d9 dffe", "d9 dfff", "d9 dff9", "d9 e000", "d9 d9f7", "d8 33");
    tags.push("da 00010000", "da 53687264", "d9 0112");
    for (const tag of tags) {
      for (const content of ["00", "41 01", "61 61", "80", "81 00", "a0"]) {
        for (const [, rules] of ALL) refuses(`${tag} ${content}`, /^tag \d+$/, rules);
      }
    }
    refuses("db 0000000000000001 00", /64 bits/);
  });

  it("refuses a tag on an item of another type", () => {
    const wrong = ["c1 61 61", "c1 40", "c1 80", "c1 f6", "c1 f7", "c1 c1 00", "c1 c2 41 01"];
    wrong.push("c2 00", "c2 61 61", "c2 80", "c3 a0", "c2 c2 41 01", "d9 0102 00", "d9 0102 a0");
    wrong.push("d9 0102 d9 0102 80", "d9 0103 80", "d9 0103 01", "d9 0111 61 61", "d9 0103 c1 00");
    for (const text of wrong) refuses(text, /before something else/);
    for (const text of ["c1", "d9 0102", "82 01 c2"]) refuses(text, /too early/);
  });

  it("refuses a long bignum, but no other long byte string", () => {
    const head = (length: number) => [0x59, length >> 8, length & 0xff];
    const bytes = (length: number) => concat(head(length), new Uint8Array(length));
    for (const tag of [0xc2, 0xc3]) {
      assertEquals(scan(concat([tag], bytes(1024)), 0, KEY_RULES), undefined);
      refuses(concat([tag], bytes(1025)), /bignum of more than 1024/);
    }
    assertEquals(scan(bytes(1025), 0, KEY_RULES), undefined);
    for (const before of ["c2 41 01", "c1 00", "d90102 80", "d90103 a0", "d90111 41 61"]) {
      const both = concat([0x82], hex(before), bytes(1025));
      assertEquals(scan(both, 0, KEY_RULES), undefined, before);
    }
  });

  it("refuses indefinite and reserved lengths", () => {
    for (const text of ["5f 41 01 ff", "7f 61 61 ff", "9f 01 ff", "bf 61 61 01 ff"]) {
      refuses(text, /not given/);
    }
    for (const text of ["1c", "1d", "1e", "1f", "3c", "5c", "7d", "9e", "bc", "dc 00", "df 00"]) {
      refuses(text, /not given/);
    }
    for (const text of ["ff", "fc", "fd", "fe", "82 ff ff"]) refuses(text, /simple value/);
  });

  it("refuses simple values other than false, true, null and undefined", () => {
    for (let simple = 0; simple < 20; simple++) {
      refuses(Uint8Array.of(0xe0 + simple), /simple value/);
    }
    for (const text of ["f8 14", "f8 16", "f8 20", "f8 ff"]) refuses(text, /simple value/);
  });

  it("refuses a truncated item, at every position", () => {
    const whole = hex(
      "8b 1818 190100 1a00010000 1b0000000000000001 fb3ff8000000000000 fa47c35000 f93c00" +
        "42 0102 63 e282ac d90102 82 c100 c24101 a1 6161 80",
    );
    assertEquals(scan(whole, 0, VALUE_RULES), undefined);
    for (const text of ["fb 00", "fa 000000", "f9 00", "1a 0000", "fb"]) refuses(text, /too early/);
    for (let length = 0; length < whole.length; length++) {
      refuses(whole.slice(0, length), /too early|beyond the end/, VALUE_RULES);
    }
  });

  it("refuses data after the item", () => {
    for (const text of ["00 00", "80 80", "60 f6", "81 00 00", "a0 00"]) {
      refuses(text, /after the end/);
    }
  });

  it("refuses lengths beyond the end without an allocation", () => {
    for (
      const text of ["41", "5a ffffffff 00", "7a 7fffffff 61", "9a ffffffff", "ba ffffffff 00"]
    ) {
      refuses(text, /beyond the end/);
    }
    for (const text of ["5b 0000000000000001 00", "9b 0000000000000001 00"]) {
      refuses(text, /64 bits/);
    }
    refuses("82 00", /beyond the end/);
    refuses("82 81 00", /too early/);
    refuses("a1 00", /too early/);
  });

  it("refuses text that is not UTF-8, lone surrogates included", () => {
    for (const text of ["61 ff", "61 c3", "62 c080", "63 eda080", "64 f4908080", "81 62 61e2"]) {
      for (const [, rules] of ALL) refuses(text, /UTF-8/, rules);
    }
  });

  it(`allows ${MAX_DEPTH} levels and not one more, however wide and long they are`, () => {
    const nested = (depth: number) => concat(new Array(depth).fill(0x81), [0x00]);
    const maps = (depth: number) => concat(new Array(depth).fill([0xa1, 0x00]).flat(), [0x00]);
    for (const make of [nested, maps]) {
      assertEquals(scan(make(MAX_DEPTH), 0, KEY_RULES), undefined);
      refuses(make(MAX_DEPTH + 1), /nested deeper/);
      refuses(make(1_000_000), /nested deeper/);
    }
    // Levels that were closed do not count.
    const wide = concat([0x98, 200], ...Array.from({ length: 200 }, () => nested(MAX_DEPTH - 1)));
    assertEquals(scan(wide, 0, KEY_RULES), undefined);
  });

  it(`allows ${MAX_ITEMS} items and not one more`, () => {
    const list = (length: number, item: number) => {
      const bytes = new Uint8Array(5 + length).fill(item);
      bytes.set([0x9a, length >>> 24, (length >>> 16) & 255, (length >>> 8) & 255, length & 255]);
      return bytes;
    };
    for (const item of [0x00, 0xf6, 0x80, 0x60]) {
      assertEquals(scan(list(MAX_ITEMS - 1, item), 0, FRAME_RULES), undefined);
      refuses(list(MAX_ITEMS, item), /more than 1000000 items/, FRAME_RULES);
    }
  });

  it("begins at the given offset", () => {
    assertEquals(scan(hex("ff 81 01"), 1, FRAME_RULES), undefined);
    assertEquals(scan(hex("ff"), 1, FRAME_RULES), "ends too early");
    assertEquals(scan(new Uint8Array(0), 0, FRAME_RULES), "ends too early");
  });

  it("never throws, for any bytes", () => {
    const random = new Random(3);
    let accepted = 0;
    for (let i = 0; i < 100_000; i++) {
      const bytes = random.bytes(random.below(12));
      for (const [, rules] of ALL) {
        const wrong = scan(bytes, 0, rules);
        assert(wrong === undefined || typeof wrong === "string");
        if (wrong === undefined) accepted++;
      }
    }
    assert(accepted > 1000);
  });
});
