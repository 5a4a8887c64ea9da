import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { createHmac } from "node:crypto";
import { fromBase64Url, sign, toBase64Url, verify } from "../../../transports/auth/mac.ts";

const KEY_BYTES = Uint8Array.from({ length: 32 }, (_, i) => i);

const hmac = { name: "HMAC", hash: "SHA-256" };
const key = await crypto.subtle.importKey("raw", KEY_BYTES, hmac, false, ["sign", "verify"]);
const other = await crypto.subtle.importKey("raw", KEY_BYTES.slice(1), hmac, false, [
  "sign",
  "verify",
]);

describe("sign() and verify()", () => {
  it("are HMAC with SHA-256 of the text in UTF-8, as base64url", async () => {
    for (const text of ["", "text", "é€😀", "x".repeat(10_000)]) {
      const code = await sign(key, text);
      assertEquals(code, createHmac("sha256", KEY_BYTES).update(text).digest("base64url"));
      assertEquals(await verify(key, text, code), true);
    }
  });

  it("refuse another text, another key, and any other code", async () => {
    const code = await sign(key, "text");
    assertEquals(await verify(key, "texts", code), false);
    assertEquals(await verify(other, "text", code), false);
    const wrong = ["", code.slice(1), code.slice(0, -1), `${code}=`, `${code}A`, ` ${code}`, "é"];
    for (const one of wrong) assertEquals(await verify(key, "text", one), false, one);
    for (let at = 0; at < code.length; at++) {
      const changed = code.slice(0, at) + (code[at] === "A" ? "E" : "A") + code.slice(at + 1);
      assertEquals(await verify(key, "text", changed), false, changed);
    }
  });
});

describe("toBase64Url() and fromBase64Url()", () => {
  it("keep all bytes, without padding and without characters that URLs escape", () => {
    for (let length = 0; length < 70; length++) {
      const bytes = Uint8Array.from({ length }, (_, i) => 251 * i + 7 * length);
      const text = toBase64Url(bytes);
      assertEquals(/^[\w-]*$/.test(text), true, text);
      assertEquals(fromBase64Url(text), bytes);
    }
    assertEquals(toBase64Url(Uint8Array.of(0xfb, 0xff)), "-_8");
  });

  it("refuse every form but the one that is written", () => {
    for (const text of ["A", "AAAAA", "-_8=", "+/8", "-_9", "- _8", "é", "AA\n"]) {
      assertEquals(fromBase64Url(text), null, text);
    }
    // One and two bytes leave 4 and 2 bits that mean nothing: one form in 16, and in 4.
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const accepted = (prefix: string) =>
      [...alphabet].filter((last) => fromBase64Url(prefix + last) !== null).length;
    assertEquals([accepted("A"), accepted("AA"), accepted("AAA")], [4, 16, 64]);
  });
});
