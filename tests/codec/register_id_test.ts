import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import {
  bucketPrefix,
  encodeKey,
  isRegisterId,
  type Key,
  MalformedError,
  parseRegisterId,
  registerId,
} from "../../lib/codec.ts";
import { isBucketPrefix, plainKey } from "../../lib/codec/register_id.ts";
import { toHex } from "./support/bytes.ts";
import { REGISTER_KINDS, type RegisterKind } from "../../lib/paxos/register.ts";

const KINDS: RegisterKind[] = ["k", "l", "s", "c"];

const BUCKETS = [undefined, "", "a", "aa", "b", "null", "\xf6", "é€", "\ud800", "\ud800a"];
BUCKETS.push("x".repeat(23), "x".repeat(24), "x".repeat(255), "x".repeat(256), "x".repeat(1021));

const KEYS: Key[] = [
  "",
  "a",
  "\ud800",
  0,
  1,
  null,
  [],
  { a: 1 },
  Uint8Array.of(1),
  "x".repeat(4093),
];

describe("registerId()", () => {
  it("is the kind, then bucket and key in deterministic CBOR", () => {
    assertEquals(toHex(registerId("k", undefined, "orders/42")), "6bf6696f72646572732f3432");
    assertEquals(toHex(registerId("l", "jobs", 7)), "6c646a6f627307");
  });

  it("is different for every kind, bucket and key", () => {
    const ids = new Set<string>();
    for (const kind of KINDS) {
      for (const bucket of BUCKETS) {
        for (const key of KEYS) ids.add(registerId(kind, bucket, key));
      }
    }
    assertEquals(ids.size, KINDS.length * BUCKETS.length * KEYS.length);
  });

  it("throws TypeError for an invalid key or bucket", () => {
    assertThrows(() => registerId("k", undefined, (() => 1) as never), TypeError, "a function");
    assertThrows(() => registerId("k", 5 as never, "a"), TypeError, "must be a string, not number");
    assertThrows(() => registerId("k", null as never, "a"), TypeError, "must be a string");
    assertThrows(() => registerId("k", "x".repeat(1022), "a"), TypeError, "more than 1024 bytes");
    assertThrows(() => registerId("k", "x".repeat(1e6), "a"), TypeError);
  });
});

describe("bucketPrefix()", () => {
  it("is the prefix of the ids of that bucket, and of no others", () => {
    for (const kind of KINDS) {
      for (const bucket of BUCKETS) {
        const prefix = bucketPrefix(kind, bucket);
        assert(isBucketPrefix(prefix));
        for (const otherKind of KINDS) {
          for (const otherBucket of BUCKETS) {
            const id = registerId(otherKind, otherBucket, "key");
            const inside = kind === otherKind && bucket === otherBucket;
            assertEquals(id.startsWith(prefix), inside, `${toHex(id)} in ${toHex(prefix)}`);
          }
        }
      }
    }
  });
});

describe("parseRegisterId()", () => {
  it("returns kind, bucket and key", () => {
    for (const kind of KINDS) {
      for (const bucket of BUCKETS) {
        for (const key of KEYS) {
          const id = registerId(kind, bucket, key);
          assert(isRegisterId(id));
          const parsed = parseRegisterId(id);
          assertStrictEquals(parsed.kind, kind);
          assertStrictEquals(parsed.bucket, bucket);
          assertEquals(parsed.key, key);
        }
      }
    }
  });

  it("throws MalformedError for anything else", () => {
    const good = registerId("k", "bucket", "key");
    const wrong = [
      "",
      "k",
      "k\xf6",
      "x" + good.slice(1),
      good.slice(0, -1),
      good + "\0",
      "k\xf6\xff",
    ];
    wrong.push(
      "k" + encodeKey(1) + encodeKey("key"),
      "k" + encodeKey(null) + encodeKey(null) + "a",
    );
    wrong.push("k\x78\x01a" + encodeKey("key"), "k\xf6\x18\x00", "k\xf6\u0161a", "k\xf7\x00");
    wrong.push(
      "k" + encodeKey("x".repeat(1022)) + encodeKey("key"),
      "k\x7b\x00\x00",
      "k\xd9\x01\x11",
    );
    wrong.push("k" + encodeKey(Uint8Array.of(1)) + "\x00", "k\x79\xff\xff\x00", "k\x9f\xff\x00");
    wrong.push("k\xf6" + "a".repeat(10_000), "k\x1f\x00", "k\xd9\x01\x03\xa0\x00");
    for (const id of wrong) assertThrows(() => parseRegisterId(id), MalformedError, "", toHex(id));
  });
});

describe("isRegisterId()", () => {
  it("refuses other types, kinds, lengths and characters", () => {
    const longest = registerId("k", "x".repeat(1021), "x".repeat(4093));
    assert(isRegisterId(longest));
    const wrong = [
      null,
      5,
      undefined,
      ["k"],
      "",
      "k",
      "k\xf6",
      "K\xf6\0",
      " k\xf6\0",
      longest + "x",
    ];
    wrong.push("k\xf6\u0100", "k\xf6\n\ud800");
    for (const id of wrong) assert(!isRegisterId(id));
    assert(isRegisterId("k\xf6\n"));
  });
});

describe("plainKey()", () => {
  const id = (key: Key, bucket?: string) => registerId(REGISTER_KINDS.key, bucket, key);

  it("is the key of short texts of ASCII in the default bucket, as parseRegisterId() finds it", () => {
    for (const length of [0, 1, 23, 24, 25, 254, 255]) {
      const key = "~".repeat(length);
      assertEquals(plainKey(id(key)), key);
      assertEquals(parseRegisterId(id(key)).key, key);
    }
  });

  it("leaves all others to parseRegisterId()", () => {
    for (const key of ["é", "a".repeat(256), "\ud800", 7, null, ["a"], Uint8Array.of(97)]) {
      assertEquals(plainKey(id(key)), undefined);
    }
    assertEquals(plainKey(id("a", "bucket")), undefined);
    // No id of a register: a length in a form that is not the only one, and one that is wrong.
    const prefix = bucketPrefix(REGISTER_KINDS.key, undefined);
    for (const text of ["\x78\x01a", "\x62a", "\x61ab", "\x78", "", "\x79\x00\x01a"]) {
      assertEquals(plainKey(prefix + text), undefined);
    }
  });
});
