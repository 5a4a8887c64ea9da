import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { WebSocketClient } from "../../../transports/websocket/client.ts";
import { checkClientOptions } from "../../../transports/websocket/options.ts";
import { turn } from "../../support/wait.ts";
import { Station } from "../support/station.ts";

/** What a connecting side made, and what happened to it. */
class DialledSocket {
  static made: DialledSocket[] = [];
  binaryType = "";
  readonly url: string;
  readonly sent: unknown[] = [];
  isClosed = false;
  readonly #listeners: Record<string, (event: unknown) => void> = {};

  constructor(url: string) {
    this.url = url;
    DialledSocket.made.push(this);
  }

  addEventListener(type: string, listener: (event: unknown) => void): void {
    this.#listeners[type] = listener;
  }

  send(data: unknown): void {
    this.sent.push(data);
  }

  close(): void {
    this.isClosed = true;
  }

  happen(type: string, event: object = {}): void {
    this.#listeners[type](event);
  }
}

describe("WebSocketClient", () => {
  let client: WebSocketClient;

  beforeEach(() => {
    DialledSocket.made = [];
    const peers = { a: "ws://a", b: "ws://b", c: "ws://c" };
    const options = checkClientOptions({ insecure: true, peers, WebSocket: DialledSocket });
    // A hint begins an attempt at once.
    const backoff = { first: 0, longest: 60_000, refused: 60_000, stable: 60_000 };
    client = new WebSocketClient(options, { connect: 60_000, tick: 60_000, close: 1, backoff });
  });

  afterEach(() => client.close());

  it("connects to all of peers but itself, and says who it is", async () => {
    await Station.open("c", client);
    assertEquals(DialledSocket.made.map(({ url }) => url), ["ws://a/", "ws://b/"]);
    const [a] = DialledSocket.made;
    a.happen("open");
    const { id, to } = JSON.parse(String(a.sent[0]));
    assertEquals([id, to], ["c", "a"]);
  });

  it("reaches a peer that has welcomed it, and knows its own host", async () => {
    let reached!: (peer: string) => void;
    const first = new Promise<string>((resolve) => reached = resolve);
    await Station.open("c", client, { sessionTtl: 10_000, members: ["a", "b", "c"], reached });
    const [a] = DialledSocket.made;
    a.happen("open");
    assertEquals([client.reaches("a"), client.ownHost], [false, "c"]);
    a.happen("message", { data: '{"welcome":true}' });
    assertEquals(await first, "a");
    assertEquals([client.reaches("a"), client.reaches("b")], [true, false]);
  });

  it("close() ends the connections, and makes no more", async () => {
    await Station.open("c", client);
    for (const made of DialledSocket.made) made.happen("open");
    await client.close();
    assertEquals(DialledSocket.made.map(({ isClosed }) => isClosed), [true, true]);
    client.hint("a");
    // An attempt begins in a later turn.
    await turn();
    assertEquals(DialledSocket.made.length, 2);
  });
});
