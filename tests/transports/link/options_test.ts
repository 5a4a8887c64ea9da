import { assert, assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { http } from "../../../transports/http.ts";
import { webSocket } from "../../../transports/websocket.ts";
import { SECRET } from "../support/networks.ts";

const secret = SECRET;
const token = () => "";

// deno-lint-ignore no-explicit-any -- options that no type allows
const transports: [name: string, create: (options: any) => unknown, scheme: string][] = [
  ["webSocket", (options) => webSocket({ WebSocket: NoSocket, ...options }), "ws"],
  ["http", (options) => http(options), "http"],
];

class NoSocket {
  binaryType = "";
  constructor() {
    throw new Error("no test should connect");
  }
  send(): void {}
  close(): void {}
  addEventListener(): void {}
}

for (const [name, create, scheme] of transports) {
  describe(`${name}() checks its options`, () => {
    const refused: [what: string, options: unknown, named: string][] = [
      ["no credentials", {}, "secret"],
      ["a short secret", { secret: "fifteen charact" }, "secret"],
      ["a secret that is no string", { secret: 1234567890123456 }, "secret"],
      ["a token, which only a guest has", { token }, "connect("],
      ["a token beside the secret", { secret, token }, "connect("],
      ["insecure that is not true or false", { insecure: "yes" }, "insecure"],
      ["insecure: false alone", { insecure: false }, "secret"],
      ["secret and insecure", { secret, insecure: true }, "secret, insecure"],
      ["an empty cluster", { secret, cluster: "" }, "cluster"],
      ["a cluster that is no string", { secret, cluster: 1 }, "cluster"],
      ["a cluster of 201 characters", { secret, cluster: "c".repeat(201) }, "cluster"],
      ["peers in a list", { secret, peers: [`${scheme}://host`] }, "peers"],
      ["peers that are null", { secret, peers: null }, "peers"],
      ["an invalid id", { secret, peers: { "a b": `${scheme}://host` } }, "peers"],
      ["an invalid address", { secret, peers: { a: "host" } }, "peers"],
      ["an address of another scheme", { secret, peers: { a: "ftp://host" } }, "peers"],
      ["an address that is no string", { secret, peers: { a: 80 } }, "peers"],
    ];
    for (const [what, options, named] of refused) {
      it(`refuses ${what}: a TypeError that names it`, () => {
        const error = assertThrows(() => create(options), TypeError, named);
        assert(error.message.startsWith(`${name}: `), error.message);
      });
    }

    it("refuses options that are no object", () => {
      const bare = name === "http" ? http : webSocket;
      for (const options of [undefined, null, "secret"]) {
        assertThrows(() => bare(options as never), TypeError, "options");
      }
    });

    it("does not repeat the secret in an error", () => {
      const error = assertThrows(() => create({ secret: "my short one" }), TypeError, "secret");
      assertEquals(error.message.includes("my short one"), false);
    });

    it("accepts one of the credentials, also with insecure: false, and peers as strings and URLs", () => {
      for (const proof of [{ secret }, { insecure: true }]) create(proof);
      create({ secret, insecure: false });
      create({ secret, peers: { a: `${scheme}://host`, b: new URL(`${scheme}s://host:1/x/`) } });
    });
  });
}
