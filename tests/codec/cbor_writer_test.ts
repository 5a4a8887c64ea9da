import { assertEquals, assertInstanceOf, assertStrictEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { CborWriter, TooLarge } from "../../lib/codec/cbor_writer.ts";
import { toHex } from "./support/bytes.ts";

/** What `write` writes, in hexadecimal. */
function written(write: (writer: CborWriter) => void, limit = 10_000): string {
  const writer = new CborWriter(limit);
  write(writer);
  return toHex(writer.finish());
}

/** The bytes that are reported when `write` exceeds `limit`. */
function excess(write: (writer: CborWriter) => void, limit: number): number {
  const writer = new CborWriter(limit);
  try {
    write(writer);
  } catch (error) {
    assertInstanceOf(error, TooLarge);
    return error.bytes;
  } finally {
    writer.discard();
  }
  throw new Error("it fits");
}

describe("CborWriter", () => {
  it("writes heads in the fewest bytes", () => {
    const examples: [number, string][] = [
      [0, "00"],
      [23, "17"],
      [24, "1818"],
      [255, "18ff"],
      [256, "190100"],
      [65_535, "19ffff"],
      [65_536, "1a00010000"],
      [2 ** 32 - 1, "1affffffff"],
      [2 ** 32, "1b0000000100000000"],
      [2 ** 53 - 1, "1b001fffffffffffff"],
    ];
    for (const [argument, bytes] of examples) {
      for (let major = 0; major < 8; major++) {
        const first = parseInt(bytes.slice(0, 2), 16) | (major << 5);
        const expected = first.toString(16).padStart(2, "0") + bytes.slice(2);
        assertEquals(written((writer) => writer.head(major, argument)), expected);
      }
    }
  });

  it("writes safe integers as integers, all others and -0 as floats", () => {
    const examples: [number, string][] = [
      [0, "00"],
      [-1, "20"],
      [-24, "37"],
      [-25, "3818"],
      [2 ** 53 - 1, "1b001fffffffffffff"],
      [-(2 ** 53 - 1), "3b001ffffffffffffe"],
      [-0, "f98000"],
      [2 ** 53, "fa5a000000"],
      [0.5, "f93800"],
      [1.1, "fb3ff199999999999a"],
      [NaN, "f97e00"],
      [-Infinity, "f9fc00"],
    ];
    for (const [value, bytes] of examples) {
      assertEquals(written((writer) => writer.number(value)), bytes);
    }
  });

  it("writes texts in UTF-8, short and long ones, with other characters at any place", () => {
    for (const length of [0, 1, 23, 24, 59, 60, 61, 255, 256]) {
      for (const character of ["", "é", "€", "😀"]) {
        for (const text of [character + "a".repeat(length), "a".repeat(length) + character]) {
          const bytes = new TextEncoder().encode(text);
          const expected = written((writer) => {
            writer.head(3, bytes.length);
            writer.raw(bytes);
          });
          assertEquals(written((writer) => writer.text(text)), expected);
        }
      }
    }
  });

  it("writes bytes, and single bytes", () => {
    assertEquals(written((writer) => writer.bytes(Uint8Array.of(1, 2))), "420102");
    assertEquals(written((writer) => writer.bytes(Uint8Array.of(97), 3)), "6161");
    assertEquals(written((writer) => writer.byte(0xf6)), "f6");
    assertEquals(written((writer) => writer.raw(Uint8Array.of(9, 8))), "0908");
  });

  it("holds as many bytes as its limit, and not one more", () => {
    const five = new Uint8Array(5);
    const writes: [(writer: CborWriter) => void, number][] = [
      [(writer) => writer.byte(1), 1],
      [(writer) => writer.raw(five), 5],
      [(writer) => writer.head(0, 1000), 3],
      [(writer) => writer.number(1.1), 9],
      [(writer) => writer.text("abcd"), 5],
      [(writer) => writer.bytes(five), 6],
    ];
    for (const [write, size] of writes) {
      assertEquals(written(write, size).length, 2 * size);
      const bytes = excess(write, size - 1);
      assertEquals(bytes >= size - 1 && bytes <= size, true, `${size}: ${bytes}`);
    }
  });

  it("does not encode a text that cannot fit", () => {
    assertStrictEquals(excess((writer) => writer.text("é".repeat(1e6)), 100), 1e6);
  });

  it("grows, and keeps what it has", () => {
    const part = Uint8Array.from({ length: 1000 }, (_, i) => i);
    const writer = new CborWriter(200_000);
    for (let i = 0; i < 200; i++) writer.raw(part);
    const bytes = writer.finish();
    assertEquals(bytes.length, 200_000);
    for (let i = 0; i < 200; i++) assertEquals(bytes.subarray(i * 1000, (i + 1) * 1000), part);
  });

  it("gives two writers at a time buffers of their own", () => {
    const [first, second] = [new CborWriter(10), new CborWriter(10)];
    first.byte(1);
    second.byte(2);
    assertEquals([toHex(first.finish()), toHex(second.finish())], ["01", "02"]);
  });

  it("returns bytes that later writers do not change", () => {
    const writer = new CborWriter(10);
    writer.byte(1);
    const bytes = writer.finish();
    written((writer) => writer.byte(2));
    assertEquals(bytes, Uint8Array.of(1));
  });
});
