import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import { assertEquals, assertLess } from "@std/assert";
import process from "node:process";
import { makeProof } from "../../../transports/auth/proof.ts";
import { encodeMessage } from "../../../transports/websocket/message.ts";
import { turn, within } from "../../support/wait.ts";
import { SECRET, testKeys } from "../support/networks.ts";
import { runtime, TestServer } from "../support/server.ts";
import { Station } from "../support/station.ts";
import { TcpPeer } from "../support/tcp_peer.ts";
import { hello, transportWith } from "./support/setup.ts";

/** The size of a frame that is sent as one message, in bytes. */
const FRAME = 200 * 1024;

/** Messages after which the other side must have been cut off: 64 MB, far more than all buffers between. */
const ENOUGH = 320;

describe("webSocket(): connections over TCP", () => {
  let server: TestServer;
  let node: Station;

  beforeEach(async () => {
    server = await TestServer.start();
  });

  afterEach(async () => {
    await node.transport.close();
    await server.close();
  });

  async function listen(tick: number): Promise<void> {
    const transport = transportWith({ secret: SECRET }, { tick, close: 10 });
    server.mount(transport.routes);
    node = await Station.open("s", transport);
  }

  /** An authenticated peer. */
  async function enter(): Promise<TcpPeer> {
    const peer = await TcpPeer.open(server.url("ws"));
    const greeting = hello("c", "s");
    peer.say(greeting);
    const { id, nonce } = await peer.hear();
    peer.say({ proof: await makeProof(await testKeys(), "connect", greeting, { id, nonce }) });
    await peer.hear();
    return peer;
  }

  it("a peer that acknowledges what it does not read is cut off", async () => {
    await listen(5_000);
    const peer = await enter();
    peer.stopReading();
    const before = process.memoryUsage().rss;
    const frame = new Uint8Array(FRAME);
    let sent = 0;
    while (sent < ENOUGH && node.transport.reaches!("c")) {
      node.transport.send("c", frame);
      sent++;
      await turn(1);
      peer.send(encodeMessage({ answerNow: false, acknowledged: sent, piece: new Uint8Array(0) }));
    }
    assertLess(sent, ENOUGH);
    // The buffers of the system count here, too: both ends are in this process.
    assertLess(process.memoryUsage().rss - before, 100e6);
    peer.destroy();
  });

  it("a stranger that is silent, and answers nothing, loses its connection", async () => {
    // Deno drops it after ten silent seconds; elsewhere the transport drops it itself.
    await listen(runtime === "deno" ? 2_500 : 20);
    const stranger = await TcpPeer.open(server.url("ws"));
    await within(stranger.ended, "the end of the connection", 20_000);
    assertEquals(node.received, []);
  });
});
