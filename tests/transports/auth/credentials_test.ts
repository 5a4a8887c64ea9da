import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  checkCredentials,
  type CredentialOptions,
  prepare,
} from "../../../transports/auth/credentials.ts";
import { keysOf } from "../../../transports/auth/keys.ts";
import { SECRET } from "../support/networks.ts";

const token = () => "a token";

/** The credentials of these options, as the function `join` got them. */
const check = (options: unknown) => checkCredentials("join", "app", options as CredentialOptions);

describe("checkCredentials()", () => {
  it("takes exactly one of the three", () => {
    assertEquals(check({ secret: SECRET }).kind, "secret");
    assertEquals(check({ secret: SECRET, insecure: false }).kind, "secret");
    assertEquals(check({ token }), { kind: "token", token });
    assertEquals(check({ insecure: true }), { kind: "insecure" });
  });

  it("derives the keys for the cluster, when they are needed", async () => {
    const credentials = check({ secret: SECRET });
    assert(credentials.kind === "secret");
    assertStrictEquals(await credentials.keys(), await keysOf(SECRET, "app"));
  });

  const refused: [options: object, message: string][] = [
    [{}, "secret or token is required, unless insecure is true"],
    [{ insecure: false }, "secret or token is required"],
    [{ insecure: 1 }, "insecure must be true or false, received number"],
    [{ token: "ey..." }, "token must be a function that returns one, received string"],
    [{ secret: SECRET, token }, "only one of secret, token, insecure, received secret and token"],
    [{ secret: SECRET, insecure: true }, "received secret and insecure"],
    [{ token, insecure: true }, "received token and insecure"],
    [{ secret: SECRET, token, insecure: true }, "received secret and token and insecure"],
    [{ secret: "" }, "secret"],
    [{ secret: 5 }, "secret"],
    [{ secret: "password" }, "secret"],
  ];
  for (const [options, message] of refused) {
    it(`refuses ${Object.keys(options).join(", ") || "nothing"}: ${message}`, () => {
      const error = assertThrows(() => check(options), TypeError, message);
      assert(error.message.startsWith("join: "), error.message);
      for (const value of Object.values(options)) {
        if (typeof value === "string" && value !== "") assert(!error.message.includes(value));
      }
    });
  }
});

describe("prepare()", () => {
  it("begins to derive the keys of a secret, and does not reject", async () => {
    let calls = 0;
    const keys = () => {
      calls++;
      return Promise.reject(new Error("no keys"));
    };
    prepare({ kind: "secret", keys });
    prepare({ kind: "token", token });
    prepare({ kind: "insecure" });
    await Promise.resolve();
    assertEquals(calls, 1);
  });
});
