import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  isUtf8Within,
  isWellFormed,
  textFrom,
  textFromWtf8,
  utf8,
  utf8Beginning,
  wtf8,
} from "../../lib/codec/text.ts";
import { toHex } from "./support/bytes.ts";

/** The first and last characters of each length in UTF-8, surrogates included. */
const EDGES = [0, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xd800, 0xdbff, 0xdc00, 0xdfff, 0xe000, 0xfeff]
  .concat(0xffff, 0x10000, 0x10ffff)
  .map((point) => String.fromCodePoint(point));

const WELL_FORMED = EDGES.filter((text) => !/^[\ud800-\udfff]$/.test(text));

describe("isWellFormed()", () => {
  it("is false exactly for a lone surrogate, wherever it is", () => {
    for (const text of WELL_FORMED) assert(isWellFormed(`a${text}b`));
    for (const text of ["\ud800", "\udfff", "a\ud800", "\udc00a", "\udc00\ud800", "😀\ud83d"]) {
      assert(!isWellFormed(text));
    }
    assert(isWellFormed(""));
    assert(isWellFormed("\ud83d\ude00"));
  });
});

describe("utf8() and textFrom()", () => {
  it("keep each character, in short and in long texts, within a range", () => {
    for (const character of WELL_FORMED) {
      for (const length of [0, 1, 50, 99, 100, 101, 200]) {
        const text = "a".repeat(length) + character;
        const bytes = utf8(text);
        const within = Uint8Array.of(0xff, ...bytes, 0xff);
        assertEquals(textFrom(within, 1, 1 + bytes.length), text);
      }
    }
    assertEquals(textFrom(new Uint8Array(3), 2, 2), "");
  });

  it("keep a leading U+FEFF", () => {
    for (const text of ["\ufeff", "\ufeff" + "é".repeat(200)]) {
      const bytes = utf8(text);
      assertEquals(textFrom(bytes, 0, bytes.length), text);
    }
  });
});

describe("utf8Beginning() and isUtf8Within()", () => {
  it("cut at the limit, not within a character", () => {
    assertEquals(utf8Beginning("import", 6), "import");
    assertEquals(utf8Beginning("import", 5), "impor");
    assertEquals(["aé", "aé", "aé"].map((text, index) => utf8Beginning(text, index + 1)), [
      ...["a", "a", "aé"],
    ]);
    for (const limit of [0, 1, 2, 3]) assertEquals(utf8Beginning("😀", limit), "");
    assertEquals(utf8Beginning("😀", 4), "😀");
    assertEquals(utf8Beginning("a\ud800", 4), "a\ufffd");
    for (const text of WELL_FORMED) {
      for (let limit = 0; limit < 10; limit++) {
        const beginning = utf8Beginning(text, limit);
        assert(text.startsWith(beginning) && isUtf8Within(beginning, limit));
        assertEquals(isUtf8Within(text, limit), utf8(text).length <= limit);
      }
    }
  });
});

describe("wtf8() and textFromWtf8()", () => {
  it("keep every code unit, each pair of edges included", () => {
    for (const first of ["", ...EDGES]) {
      for (const second of ["", ...EDGES]) {
        const text = first + second;
        const bytes = wtf8(text);
        const within = Uint8Array.of(0xff, ...bytes, 0xff);
        assertEquals(textFromWtf8(within, 1, 1 + bytes.length), text);
      }
    }
  });

  it("are UTF-8 for a well-formed text, with three bytes for each lone surrogate", () => {
    for (const text of WELL_FORMED) assertEquals(wtf8(text), utf8(text));
    assertEquals(toHex(wtf8("\ud800")), "eda080");
    assertEquals(toHex(wtf8("a\udfff")), "61edbfbf");
    assertEquals(toHex(wtf8("\ud83d\ude00")), "f09f9880");
  });

  it("never throw for other bytes: the result has another WTF-8", () => {
    for (const bytes of [[0x80], [0xff], [0xc0, 0x80], [0xf7, 0xbf, 0xbf, 0xbf], [0xe2, 0x82]]) {
      const text = textFromWtf8(Uint8Array.from(bytes), 0, bytes.length);
      assert(toHex(wtf8(text)) !== toHex(Uint8Array.from(bytes)));
    }
  });
});
