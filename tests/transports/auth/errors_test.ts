/** What errors, reports, answers and printed objects tell of secrets and tokens: nothing. */
import { assert, assertEquals, assertGreater, assertStringIncludes } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import { inspect } from "node:util";
import { Hono } from "hono";
import { connect } from "../../../guest/connect.ts";
import { nextEvent } from "../../guest/support/next_event.ts";
import { http } from "../../../transports/http.ts";
import { nodeToken, webSocket } from "../../../transports/websocket.ts";
import { OTHER_SECRET, SECRET } from "../support/networks.ts";
import { RawSocket } from "../support/raw_socket.ts";
import { ClientWebSocket, TestServer, upgradeWebSocket } from "../support/server.ts";
import { Station } from "../support/station.ts";
import { hello, post } from "../http/support/setup.ts";

/** Secrets that are refused. */
const WEAK = ["hunter2-hunter2", "correct horse battery staple", "PRIVATE-PRIVATE-PRIVATE"];

/** The shortest part of a secret or token that counts as told, in characters. */
const PART = 8;

/** The text of `error`, with all that a log may print of it. */
const textOf = (error: unknown): string =>
  error instanceof Error
    ? [error.message, error.stack, inspect(error, { depth: 9 }), textOf(error.cause)].join("\n")
    : String(error);

function assertSilent(text: string, ...private_: string[]): void {
  for (const secret of [SECRET, OTHER_SECRET, ...private_]) {
    for (let at = 0; at + PART <= secret.length; at++) {
      const part = secret.slice(at, at + PART);
      // Parts of tokens that are the same in all of them, such as their header.
      assert(!text.includes(part), `${part} in ${text}`);
    }
  }
}

describe("errors about options", () => {
  const errorOf = async (create: () => unknown): Promise<string> => {
    try {
      await create();
    } catch (error) {
      assert(error instanceof TypeError, String(error));
      return textOf(error);
    }
    throw new Error("there is no error");
  };

  const wrong = (secret: string): [what: string, options: unknown][] => [
    ["in place of the options", secret],
    ["as the token", { token: secret }],
    ["as insecure", { insecure: secret }],
    ["in a list", { secret: [secret] }],
    ["with another credential", { secret, insecure: true }],
    ["beside an unknown option", { secret, id: "n1", secrets: [secret] }],
    ["in an address that is none", { secret, peers: { a: `user:${secret}@host` } }],
    ["in an address of another scheme", {
      secret,
      peers: { a: `ftp://user:${secret}@host/?${secret}` },
    }],
  ];

  // deno-lint-ignore no-explicit-any -- options that no type allows
  const calls: [name: string, call: (options: any) => unknown][] = [
    ["webSocket", (options) => webSocket(options)],
    ["http", (options) => http(options)],
    [
      "nodeToken",
      (options) => nodeToken(typeof options === "string" ? options : { id: "n1", ...options }),
    ],
  ];
  for (const [name, call] of calls) {
    it(`${name}() does not repeat a secret, wherever it is given`, async () => {
      for (const [, options] of wrong(SECRET)) {
        assertSilent(await errorOf(() => call(options)));
      }
    });

    it(`${name}() refuses a guessable secret, says how to make one, and does not repeat it`, async () => {
      for (const secret of WEAK) {
        const error = await errorOf(() => call({ secret }));
        assertStringIncludes(error, `${name}: secret is too easy to guess`);
        assertStringIncludes(error, "openssl rand -base64 32");
        assertSilent(error, secret);
      }
    });
  }
});

describe("errors of connections", () => {
  let undo: (() => unknown)[];
  let server: TestServer;

  beforeEach(async () => {
    undo = [];
    server = await TestServer.start();
    undo.push(() => server.close());
  });

  afterEach(async () => {
    for (const step of undo.reverse()) await step();
  });

  type Options = Omit<Parameters<typeof webSocket>[0] & Parameters<typeof http>[0], "peers">;
  const create = {
    ws: (options: Options, peers = {}) =>
      webSocket({ ...options, peers, upgradeWebSocket, WebSocket: ClientWebSocket }),
    http: (options: Options, peers = {}) => http({ ...options, peers }),
  };

  /** Everything that `c` reports of its first attempt, and that its transport shows. */
  async function reported(scheme: "ws" | "http", options: Options, to = "s"): Promise<string> {
    const transport = create[scheme](options, { [to]: server.url(scheme) });
    undo.push(() => transport.close());
    const station = await Station.open("c", transport);
    await station.until(() => station.reports.length > 0);
    return [
      ...station.reports.map(textOf),
      inspect(transport, { depth: 9, showHidden: true }),
      JSON.stringify(transport),
    ].join("\n");
  }

  for (const scheme of ["ws", "http"] as const) {
    it(`tell no secret, over ${scheme}`, async () => {
      const transport = create[scheme]({ secret: SECRET });
      undo.push(() => transport.close());
      await Station.open("s", transport);
      server.mount(transport.routes);

      const attempts: [options: Options, to?: string][] = [
        [{ secret: OTHER_SECRET }],
        [{ secret: SECRET, cluster: "other" }],
        [{ secret: SECRET }, "t"],
        [{ insecure: true }],
      ];
      for (const [options, to] of attempts) assertSilent(await reported(scheme, options, to));
    });
  }

  for (const scheme of ["ws", "http"] as const) {
    it(`tell no token that a server at the guest's address repeats, over ${scheme}`, async () => {
      const token = await nodeToken({ secret: SECRET, id: "c" });
      const events = () => ({
        onMessage: (
          { data }: { data: unknown },
          socket: { close(code: number, reason: string): void },
        ) => socket.close(4401, JSON.parse(String(data)).token.slice(10, 130)),
      });
      const echo = new Hono().get("/", upgradeWebSocket(events)).post(
        "/guest",
        (context) => context.text(`${context.req.header("authorization")}`, 401),
      );
      server.mount(echo);
      const servers = [server.url(scheme)];
      const guest = await connect({
        id: "c",
        servers,
        token: () => token,
        WebSocket: ClientWebSocket,
      });
      undo.push(() => guest.close());
      const { error } = await nextEvent(guest, "error");
      const text = textOf(error);
      assertStringIncludes(text, "(the token)");
      assertSilent(text, ...token.split("."));
    });
  }

  it("tell strangers neither secret nor token", async () => {
    const token = await nodeToken({ secret: SECRET, id: "d" });
    const overHttp = http({ secret: SECRET });
    undo.push(() => overHttp.close());
    await Station.open("s", overHttp);
    server.mount(overHttp.routes);
    const answers = [
      await post(server, "session", SECRET),
      await post(server, "session", JSON.stringify({ ...hello("c", "s"), token })),
      await post(server, "session", JSON.stringify({ ...hello("c", "s"), token: SECRET })),
      await post(server, "frames", "", { authorization: `Bearer ${SECRET}` }),
    ];
    for (const { status, text } of answers) {
      assertEquals(status, 401);
      assertSilent(text, ...token.split("."));
    }

    const overWebSocket = create.ws({ secret: SECRET });
    undo.push(() => overWebSocket.close());
    await Station.open("s", overWebSocket);
    server.mount(overWebSocket.routes);
    for (
      const message of [SECRET, { ...hello("c", "s"), token }, {
        ...hello("c", "s"),
        token: SECRET,
      }]
    ) {
      const socket = await RawSocket.open(server.url("ws"), message);
      const { code, reason } = await socket.ended;
      assertEquals(code, 4401);
      assertSilent(reason, ...token.split("."));
    }
  });
});

describe("the sources of the transports", () => {
  it("have no error text with a secret or token in it", async () => {
    if (!("Deno" in globalThis)) return;
    const folder = new URL("../../../transports/", import.meta.url);
    let texts = 0;
    const read = async (at: URL): Promise<void> => {
      for await (const { name, isDirectory } of Deno.readDir(at)) {
        if (isDirectory) await read(new URL(`${name}/`, at));
        else {
          const source = await Deno.readTextFile(new URL(name, at));
          for (const [text] of source.matchAll(/Error\((?:[^;]|;(?!\n))*;/g)) {
            texts++;
            for (const [, inserted] of text.matchAll(/\$\{([^}]*)\}/g)) {
              const plain = inserted.replace(/typeof \w+|\w+\.length/g, "");
              assert(!/secret|token|proof|key/i.test(plain), `${name}: ${inserted}`);
            }
          }
        }
      }
    };
    await read(folder);
    assertGreater(texts, 30);
  });
});
