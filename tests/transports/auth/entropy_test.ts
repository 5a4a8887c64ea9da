import { describe, it } from "@std/testing/bdd";
import { assertGreater, assertLess } from "@std/assert";
import { randomBytes, randomUUID } from "node:crypto";
import { estimateBits } from "../../../transports/auth/entropy.ts";

/** The least estimate of a secret that is accepted, in bits. */
const ENOUGH = 80;

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

const RANDOM: [what: string, make: () => string][] = [
  ["32 bytes in base64", () => randomBytes(32).toString("base64")],
  [
    "32 bytes in base64, as a file with a line end",
    () => `${randomBytes(32).toString("base64")}\n`,
  ],
  ["32 bytes in base64url", () => randomBytes(32).toString("base64url")],
  ["16 bytes in hexadecimal", () => randomBytes(16).toString("hex")],
  ["32 bytes in hexadecimal", () => randomBytes(32).toString("hex")],
  ["a random UUID", () => randomUUID()],
  ["40 letters and digits", () => [...randomBytes(40)].map((byte) => ALPHABET[byte % 62]).join("")],
];

const GUESSABLE = [
  "",
  "short",
  "sixteen characters",
  "at least sixteen characters",
  "correct horse battery staple",
  "correct-horse-battery-staple",
  "to-be-or-not-to-be-that-is-the-question",
  "ThisIsMySuperSecretPassword2024!",
  "Password123Password123Password123",
  "changeme-changeme-changeme-changeme",
  "geheimes-passwort-fuer-den-cluster-1",
  "qwertyuiopasdfghjklzxcvbnm1234567890",
  "0123456789abcdef0123456789abcdef",
  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
  "12345678901234567890123456789012345678901234567890",
  "a".repeat(1_000),
  "P@ssw0rd!P@ssw0rd!P@ssw0rd!",
  "-----BEGIN PRIVATE KEY-----",
  "\u{1F511}".repeat(40),
];

describe("estimateBits()", () => {
  for (const [what, make] of RANDOM) {
    it(`gives enough bits to ${what}`, () => {
      for (let i = 0; i < 5_000; i++) {
        const secret = make();
        assertGreater(estimateBits(secret), ENOUGH, secret);
      }
    });
  }

  for (const secret of GUESSABLE) {
    it(`gives too few bits to ${JSON.stringify(secret.slice(0, 60))}`, () => {
      assertLess(estimateBits(secret), ENOUGH);
    });
  }
});
