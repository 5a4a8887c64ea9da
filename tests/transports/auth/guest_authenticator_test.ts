import { assert, assertEquals, assertRejects } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { Credentials } from "../../../transports/auth/credentials.ts";
import { GuestAuthenticator, isFromGuest } from "../../../transports/auth/guest_authenticator.ts";
import { HandshakeError } from "../../../transports/auth/handshake_error.ts";
import { keysOf } from "../../../transports/auth/keys.ts";
import { nodeToken } from "../../../transports/auth/node_token.ts";
import { OTHER_SECRET, SECRET } from "../support/networks.ts";
import { seconds, sign } from "../support/tokens.ts";

const cluster = "app";
const life = "0".repeat(20);
const keys = () => keysOf(SECRET, cluster);
const hello = { synod: 2, cluster, guest: "g", life };

const guard = (credentials: Credentials = { kind: "secret", keys }) =>
  new GuestAuthenticator(cluster, credentials, (id) => id === "w1");

const refuses = (message: unknown, why: string, by = guard()) =>
  assertRejects(() => by.admit(message), HandshakeError, why);

describe("GuestAuthenticator (section 13)", () => {
  it("admits a guest with a token for its id until the token expires, and tells its claims", async () => {
    const claims = { user: "ada" };
    const token = await nodeToken({ secret: SECRET, cluster, id: "g", claims });
    const { proof, until } = await guard().admit({ ...hello, token });
    assertEquals(proof, { id: "g", life, claims });
    assert(Math.abs(until - Date.now() - 360_000) < 5_000, `${until - Date.now()}`);
  });

  it("takes a guest at its word without authentication", async () => {
    const admitted = await guard({ kind: "insecure" }).admit(hello);
    assertEquals(admitted, { proof: { id: "g", life, claims: {} }, until: Infinity });
  });

  const token = async (claims: Record<string, unknown>, secret = SECRET) => {
    const { token } = await keysOf(secret, cluster);
    return await sign(
      { aud: cluster, sub: "g", iat: seconds(), exp: seconds() + 60, ...claims },
      token,
    );
  };
  const bad: [what: string, make: () => unknown, why: string][] = [
    ["no token", () => undefined, "there is no token"],
    ["an empty string as the token", () => "", "there is no token"],
    ["a token of another secret", () => token({}, OTHER_SECRET), "not signed"],
    ["an expired token", () => token({ exp: seconds() - 62 }), "has expired"],
    [
      "a token for another cluster",
      () => nodeToken({ secret: SECRET, cluster: "other", id: "g" }),
      "not signed",
    ],
    ["a token for another id", () => nodeToken({ secret: SECRET, cluster, id: "h" }), "another id"],
    [
      "a token signed with the secret itself",
      () => sign({ aud: cluster, sub: "g", exp: 9e9 }, SECRET),
      "not signed",
    ],
    ["a malformed token", () => "a.b.c", "no HS256 token"],
  ];
  for (const [what, make, why] of bad) {
    it(`refuses ${what}`, async () => {
      await refuses({ ...hello, token: await make() }, why);
    });
  }

  it("refuses the id of a server, also with a token and without authentication", async () => {
    const token = await nodeToken({ secret: SECRET, cluster, id: "w1" });
    await refuses({ ...hello, guest: "w1", token }, "w1 is the id of a server");
    const open = guard({ kind: "insecure" });
    await refuses({ ...hello, guest: "w1" }, "w1 is the id of a server", open);
  });

  it("refuses another cluster, another version and what is no hello", async () => {
    const open = guard({ kind: "insecure" });
    await refuses({ ...hello, cluster: "other" }, "another cluster", open);
    await refuses({ ...hello, synod: 1 }, "version 2", open);
    for (const key of Object.keys(hello)) {
      await refuses({ ...hello, [key]: undefined }, "no hello", open);
      await refuses({ ...hello, [key]: {} }, "no hello", open);
    }
    for (const message of [null, undefined, 1, "hello", [], { ...hello, guest: "*" }]) {
      await refuses(message, "no hello", open);
    }
    await refuses({ ...hello, life: "1" }, "no hello", open);
  });
});

describe("isFromGuest()", () => {
  it("tells the hello of a guest from others", () => {
    const messages = [hello, { synod: 2, id: "c" }, null, "guest", []];
    assertEquals(messages.map(isFromGuest), [true, false, false, false, false]);
  });
});
