import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { http } from "../../../transports/http.ts";
import { checkOptions, type HttpOptions } from "../../../transports/http/options.ts";
import { SECRET } from "../support/networks.ts";

const secret = SECRET;

describe("http() checks its options", () => {
  it("refuses a fetch that is no function", () => {
    assertThrows(() => http({ secret, fetch: "fetch" as never }), TypeError, "fetch");
  });
});

describe("checkOptions() of http()", () => {
  const check = (options: Partial<HttpOptions>) => {
    const { peers, ...rest } = checkOptions({ insecure: true, ...options });
    return { peers: [...peers].map(([id, { href }]) => [id, href]), ...rest };
  };

  it("has these defaults", () => {
    const { peers, cluster, credentials } = check({});
    assertEquals([peers, cluster, credentials], [[], "synod", { kind: "insecure" }]);
  });

  it("takes a function instead of a table of addresses", () => {
    const { peers, peerRule } = check({ peers: (id) => new URL(`http://${id}/x#part`) });
    assertEquals([peers, peerRule?.("w1")?.href], [[], "http://w1/x"]);
  });

  it("calls the global fetch as it is when a request is made", async () => {
    const { fetch } = check({});
    const original = globalThis.fetch;
    const calls: unknown[] = [];
    const answer = new Response("answer");
    globalThis.fetch = (...args: unknown[]) => {
      calls.push(args);
      return Promise.resolve(answer);
    };
    try {
      assertStrictEquals(await fetch("http://host/", { method: "POST" }), answer);
    } finally {
      globalThis.fetch = original;
    }
    assertEquals(calls, [["http://host/", { method: "POST" }]]);
  });

  it("takes a fetch of the user", () => {
    const own = () => Promise.resolve(new Response());
    assertStrictEquals(check({ fetch: own }).fetch, own);
  });

  it("takes addresses of http and https alone, without a slash at their end", () => {
    const { peers } = check({ peers: { a: "http://host/x//", b: new URL("https://host/") } });
    assertEquals(peers, [["a", "http://host/x"], ["b", "https://host/"]]);
    for (const address of ["ws://host", "wss://host", "host"]) {
      assertThrows(
        () => check({ peers: { a: address } }),
        TypeError,
        "http: peers: the address of a",
      );
    }
  });
});
