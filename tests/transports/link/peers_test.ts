import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { MAX_PEERS, Peers } from "../../../transports/link/peers.ts";
import { QueuedPeer } from "../../../transports/link/queued_peer.ts";

/** A peer that notes what it sends. */
class Peer extends QueuedPeer {
  isConnected = true;
  get isLost(): boolean {
    return !this.isConnected;
  }
  readonly sent: number[] = [];

  protected write(): void {
    while (this.isConnected && !this.queue.isEmpty) {
      for (const frame of this.queue.take(1)) this.sent.push(frame[0]);
    }
  }
}

/** The peers of a node that knows the addresses of `a` and `b`. */
function peersOf(receive: (from: string, frame: Uint8Array) => void = () => {}): Peers<Peer> {
  const peers = new Peers({
    transport: "test",
    make: (id) => new Peer(id),
    hasAddress: (id) => id === "a" || id === "b",
  });
  peers.open("n", receive);
  return peers;
}

const frame = (number: number) => Uint8Array.of(number);

describe("QueuedPeer", () => {
  it("sends the frames of one turn at its end", async () => {
    const peer = new Peer("a");
    peer.send(frame(1));
    peer.send(frame(2));
    assertEquals(peer.sent, []);
    await Promise.resolve();
    assertEquals(peer.sent, [1, 2]);
  });

  it("keeps no frame for a peer that is lost", async () => {
    const peer = new Peer("a");
    peer.send(frame(1));
    peer.isConnected = false;
    peer.send(frame(2));
    await Promise.resolve();
    peer.isConnected = true;
    peer.send(frame(3));
    peer.flush();
    assertEquals(peer.sent, [3]);
  });
});

describe("Peers", () => {
  it("opens once, for the id of a node", () => {
    const peers = new Peers({ transport: "t", make: (id) => new Peer(id), hasAddress: () => true });
    assertEquals(peers.isOpen, false);
    assertThrows(() => peers.open("", () => {}), TypeError, "t: self must be the id of a node");
    peers.open("n", () => {});
    assertEquals(peers.isOpen, true);
    assertThrows(() => peers.open("n", () => {}), TypeError, "t: this transport is open already");
    peers.close();
    assertThrows(() => peers.open("n", () => {}), TypeError, "t: this transport was closed");
  });

  it("sends to one peer or to all, while it is open", async () => {
    const peers = peersOf();
    const [a, b] = [peers.obtain("a"), peers.obtain("b")];
    peers.send("a", frame(1));
    peers.send("*", frame(2));
    peers.send("unknown", frame(3));
    await Promise.resolve();
    peers.close();
    peers.send("*", frame(4));
    await Promise.resolve();
    assertEquals([a.sent, b.sent, peers.size], [[1, 2], [2], 2]);
  });

  it("reaches the peers that are connected, while it is open", () => {
    const peers = peersOf();
    const a = peers.obtain("a");
    assertEquals([peers.reaches("a"), peers.reaches("b")], [true, false]);
    a.isConnected = false;
    assertEquals(peers.reaches("a"), false);
    a.isConnected = true;
    peers.close();
    assertEquals(peers.reaches("a"), false);
  });

  it("hands frames to the node while it is open, and survives the errors of that", () => {
    const received: string[] = [];
    const peers = peersOf((from, [first]) => {
      received.push(`${from} ${first}`);
      throw new Error("an error of the node");
    });
    peers.deliver("a", frame(1));
    peers.deliver("x", frame(2));
    peers.close();
    peers.deliver("a", frame(3));
    assertEquals(received, ["a 1", "x 2"]);
  });

  it("forgets a lost peer, unless it has an address", () => {
    const peers = peersOf();
    for (const id of ["a", "x", "y"]) {
      const peer = peers.obtain(id);
      peer.isConnected = id === "y";
      peers.forget(peer);
    }
    assertEquals([...peers].map(({ id }) => id), ["a", "y"]);
  });

  it("has room for a new peer at the cost of one without an address", () => {
    const peers = peersOf();
    for (const id of ["a", "b"]) peers.obtain(id);
    for (let i = peers.size; i < MAX_PEERS; i++) peers.obtain(`x${i}`);
    const evicted: string[] = [];
    const evict = (peer: Peer) => {
      evicted.push(peer.id);
      peer.isConnected = false;
      peers.forget(peer);
    };
    assertEquals([peers.admits("x5", evict), evicted], [true, []]);
    assertEquals(peers.admits("new", evict), true);
    assertEquals([evicted.length, peers.size], [1, MAX_PEERS - 1]);
    peers.obtain("new");
    assertEquals(peers.admits("other", () => {}), false);
    for (let i = 0; i < 100; i++) {
      assert(peers.admits(`other${i}`, evict));
      peers.obtain(`other${i}`);
    }
    assertEquals(evicted.filter((id) => id === "a" || id === "b"), []);
  });
});
