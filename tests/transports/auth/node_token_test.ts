import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { decode } from "hono/jwt";
import * as mod from "../../../mod.ts";
import { verifyToken } from "../../../transports/auth/token.ts";
import * as http from "../../../transports/http.ts";
import * as websocket from "../../../transports/websocket.ts";
import { keysOf } from "../../../transports/auth/keys.ts";
import { nodeToken } from "../../../transports/auth/node_token.ts";
import { SECRET } from "../support/networks.ts";

const secret = SECRET;
const keys = await keysOf(secret, "app");
const now = () => Date.now() / 1000;

describe("nodeToken()", () => {
  it("is exported by all entry points that use it", () => {
    for (const entry of [mod, http, websocket]) assertStrictEquals(entry.nodeToken, nodeToken);
  });

  it("makes an HS256 token for the node and the cluster, with the given lifetime", async () => {
    const token = await nodeToken({ secret, cluster: "app", id: "n1", expiresIn: 10_000 });
    const { header, payload } = decode(token);
    assertEquals(header, { alg: "HS256", typ: "JWT" });
    assertEquals([payload.aud, payload.sub], ["app", "n1"]);
    assertEquals(Number(payload.exp) - Number(payload.iat) <= 11, true);
    assertEquals((await verifyToken(token, keys, "app")).sub, "n1");
  });

  it("makes a token of five minutes for the cluster synod by default", async () => {
    const { payload } = decode(await nodeToken({ secret, id: "n1" }));
    assertEquals(payload.aud, "synod");
    assertEquals(Math.abs(Number(payload.exp) - now() - 300) < 5, true);
  });

  it("makes a token that does not contain the secret", async () => {
    const token = await nodeToken({ secret, id: "n1" });
    for (const part of token.split(".")) {
      const text = atob(part.replace(/-/g, "+").replace(/_/g, "/"));
      assertEquals(`${part} ${text}`.includes(secret), false);
    }
  });
});

describe("nodeToken() checks its options", () => {
  const good = { secret, id: "browser-1" };
  const refused: [options: unknown, named: string][] = [
    [undefined, "options"],
    [{ ...good, secret: undefined }, "secret"],
    [{ ...good, secret: "short" }, "secret"],
    [{ ...good, cluster: "" }, "cluster"],
    [{ ...good, id: undefined }, "id"],
    [{ ...good, id: "*" }, "id"],
    [{ ...good, expiresIn: 999 }, "expiresIn"],
    [{ ...good, expiresIn: 1000.5 }, "expiresIn"],
    [{ ...good, expiresIn: 86_400_001 }, "expiresIn"],
    [{ ...good, expiresIn: "60000" }, "expiresIn"],
  ];
  for (const [options, named] of refused) {
    it(`refuses ${JSON.stringify(options)}: a TypeError that names ${named}`, async () => {
      await assertRejects(() => nodeToken(options as never), TypeError, named);
    });
  }
});
