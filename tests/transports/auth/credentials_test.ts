import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  checkCredentials,
  type CredentialOptions,
  prepare,
  refuseToken,
} from "../../../transports/auth/credentials.ts";
import { keysOf } from "../../../transports/auth/keys.ts";
import { SECRET } from "../support/networks.ts";

/** The credentials of these options, as the function `join` got them. */
const check = (options: unknown) => checkCredentials("join", "app", options as CredentialOptions);

describe("checkCredentials()", () => {
  it("takes exactly one of the two", () => {
    assertEquals(check({ secret: SECRET }).kind, "secret");
    assertEquals(check({ secret: SECRET, insecure: false }).kind, "secret");
    assertEquals(check({ insecure: true }), { kind: "insecure" });
  });

  it("derives the keys for the cluster, when they are needed", async () => {
    const credentials = check({ secret: SECRET });
    assert(credentials.kind === "secret");
    assertStrictEquals(await credentials.keys(), await keysOf(SECRET, "app"));
  });

  const refused: [options: object, message: string][] = [
    [{}, "secret is required, unless insecure is true"],
    [{ insecure: false }, "secret is required"],
    [{ insecure: 1 }, "insecure must be true or false, received number"],
    [{ secret: SECRET, insecure: true }, "only one of secret, insecure, received both"],
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
    prepare({ kind: "insecure" });
    await Promise.resolve();
    assertEquals(calls, 1);
  });
});

describe("refuseToken()", () => {
  it("refuses a token of any kind, points to connect, and does not repeat it", () => {
    for (const token of ["ey...", () => "ey..."]) {
      const error = assertThrows(() => refuseToken("http", { token }), TypeError, "use connect(");
      assert(error.message.startsWith("http: token "), error.message);
      assert(!error.message.includes("ey..."), error.message);
    }
    refuseToken("http", {});
    refuseToken("http", { token: undefined });
  });
});
