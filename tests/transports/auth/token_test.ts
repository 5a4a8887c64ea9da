import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { sign } from "hono/jwt";
import { HandshakeError } from "../../../transports/auth/handshake_error.ts";
import { keysOf } from "../../../transports/auth/keys.ts";
import { signToken, verifyToken } from "../../../transports/auth/token.ts";
import { OTHER_SECRET, SECRET } from "../support/networks.ts";

const secret = SECRET;
const keys = await keysOf(secret, "app");
const now = () => Date.now() / 1000;
const good = () => ({ aud: "app", sub: "n1", iat: now(), exp: now() + 60 });

/** A token of this header and these claims, without a signature. */
function unsigned(header: unknown, claims: unknown): string {
  const part = (value: unknown) =>
    btoa(JSON.stringify(value)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
  return `${part(header)}.${part(claims)}.`;
}

describe("verifyToken()", () => {
  const refuses = async (token: unknown, why: string) => {
    const error = await assertRejects(() => verifyToken(token, keys, "app"), HandshakeError);
    assertStringIncludes(error.message, why);
  };

  it("accepts a token of signToken(), with further claims", async () => {
    const claims = await verifyToken(
      await signToken(keys, "app", "n1", 1000, { more: "x" }),
      keys,
      "app",
    );
    assertEquals([claims.aud, claims.sub, claims.more], ["app", "n1", "x"]);
  });

  it("refuses a value that is no token", async () => {
    await refuses(undefined, "no token");
    await refuses("", "no token");
    await refuses(42, "no token");
    const [header, claims, signature] = (await sign(good(), keys.token, "HS256")).split(".");
    const wholes = [header, `${header}.${claims}`, `${header}.${claims}.${signature}.${signature}`];
    for (const token of ["x", "a.b", "a.b.c", "a.b.c.d", "....", "é.é.é", ...wholes]) {
      await refuses(token, "no HS256 token");
    }
    for (const other of ["", "é", `${signature}=`, `${signature}\n`, signature.slice(1)]) {
      await refuses(`${header}.${claims}.${other}`, "not signed");
    }
    await refuses("x".repeat(5000), "too long");
  });

  it("refuses another secret", async () => {
    const other = await keysOf(OTHER_SECRET, "app");
    await refuses(await sign(good(), other.token, "HS256"), "not signed");
  });

  it("refuses the secret itself as the key, and the keys of proofs and of another cluster", async () => {
    const elsewhere = await keysOf(secret, "other");
    for (const key of [secret, keys.connect, keys.accept, elsewhere.token]) {
      await refuses(await sign(good(), key, "HS256"), "not signed");
    }
  });

  it("refuses a token with any changed character", async () => {
    const token = await sign(good(), keys.token, "HS256");
    for (let at = 0; at < token.length - 1; at++) {
      const changed = token[at] === "A" ? "B" : "A";
      await assertRejects(
        () => verifyToken(token.slice(0, at) + changed + token.slice(at + 1), keys, "app"),
        HandshakeError,
      );
    }
  });

  it("refuses another form of the same signature", async () => {
    const token = await sign(good(), keys.token, "HS256");
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    // The last of 43 characters has two bits that mean nothing.
    const last = alphabet.indexOf(token[token.length - 1]);
    for (const bits of [1, 2, 3]) {
      await refuses(token.slice(0, -1) + alphabet[last ^ bits], "not signed");
    }
  });

  it("refuses every algorithm except HS256, and a token without a signature", async () => {
    for (const alg of ["HS384", "HS512"] as const) {
      await refuses(await sign(good(), secret, alg), "no HS256 token");
    }
    for (const alg of ["none", "None", "NONE", "", undefined, "RS256"]) {
      await refuses(unsigned({ alg, typ: "JWT" }, good()), "no HS256 token");
    }
    await refuses(unsigned({ alg: "HS256", typ: "JWT" }, good()), "not signed");
  });

  it("refuses another audience, a list of audiences, and no audience", async () => {
    for (const aud of ["other", ["app"], ["app", "other"], undefined, "", "App"]) {
      await refuses(
        await sign({ ...good(), aud } as never, keys.token, "HS256"),
        "another cluster",
      );
    }
  });

  it("refuses a token without a node", async () => {
    for (const sub of [undefined, 1, null]) {
      await refuses(await sign({ ...good(), sub } as never, keys.token, "HS256"), "names no node");
    }
  });

  it("refuses a token that expired over a minute ago, or that never expires", async () => {
    await refuses(await sign({ ...good(), exp: now() - 61 }, keys.token, "HS256"), "expired");
    for (const exp of [undefined, "tomorrow", null]) {
      await refuses(await sign({ ...good(), exp } as never, keys.token, "HS256"), "expired");
    }
  });

  it("refuses a token that begins more than a minute from now", async () => {
    await refuses(await sign({ ...good(), iat: now() + 65 }, keys.token, "HS256"), "future");
    await refuses(await sign({ ...good(), nbf: now() + 65 }, keys.token, "HS256"), "future");
    await refuses(await sign({ ...good(), iat: "now" } as never, keys.token, "HS256"), "future");
  });

  it("accepts clocks that differ by up to a minute in either direction", async () => {
    for (
      const claims of [{ exp: now() - 55 }, { iat: now() + 55 }, { nbf: now() + 55 }, {
        iat: undefined,
      }]
    ) {
      await verifyToken(
        await sign({ ...good(), ...claims } as never, keys.token, "HS256"),
        keys,
        "app",
      );
    }
  });
});
