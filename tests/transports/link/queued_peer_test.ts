import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { QueuedPeer } from "../../../transports/link/queued_peer.ts";

/** A peer that notes what it sends at once. */
class Peer extends QueuedPeer {
  isConnected = true;
  isLost = false;
  readonly written: number[][] = [];

  protected write(): void {
    if (!this.isConnected) return;
    this.written.push(this.queue.take(1_000_000).map(([first]) => first));
  }
}

const turn = () => Promise.resolve();

describe("QueuedPeer", () => {
  it("sends the frames of one turn together", async () => {
    const peer = new Peer("b");
    peer.send(Uint8Array.of(1));
    peer.send(Uint8Array.of(2));
    assertEquals(peer.written, []);
    await turn();
    assertEquals(peer.written, [[1, 2]]);
    peer.send(Uint8Array.of(3));
    await turn();
    assertEquals(peer.written, [[1, 2], [3]]);
  });

  it("keeps frames until there is a connection", async () => {
    const peer = new Peer("b");
    peer.isConnected = false;
    peer.send(Uint8Array.of(1));
    await turn();
    assertEquals(peer.written, []);
    peer.isConnected = true;
    peer.flush();
    assertEquals(peer.written, [[1]]);
  });

  it("keeps nothing for a peer without a way to it", async () => {
    const peer = new Peer("b");
    peer.isConnected = false;
    peer.send(Uint8Array.of(1));
    await turn();
    peer.isLost = true;
    peer.send(Uint8Array.of(2));
    peer.flush();
    [peer.isLost, peer.isConnected] = [false, true];
    peer.send(Uint8Array.of(3));
    await turn();
    assertEquals(peer.written, [[3]]);
  });

  it("bounds what waits: the oldest frames make room", async () => {
    const peer = new Peer("b");
    peer.isConnected = false;
    for (let i = 0; i < 10; i++) peer.send(new Uint8Array(1_000_000).fill(i));
    await turn();
    peer.isConnected = true;
    for (let i = 0; i < 5; i++) peer.flush();
    assertEquals(peer.written.flat(), [6, 7, 8, 9]);
  });
});
