import { beforeEach, describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { Connection } from "../../../transports/websocket/connection.ts";
import { decodeMessage } from "../../../transports/websocket/message.ts";
import { WebSocketPeer } from "../../../transports/websocket/peer.ts";
import { Socket } from "../../../transports/websocket/socket.ts";

describe("Peer", () => {
  let peer: WebSocketPeer;
  let log: string[];

  beforeEach(() => {
    peer = new WebSocketPeer("p");
    log = [];
  });

  /** A connection that logs the bytes of the first frame of each message. */
  function connection(name: string): Connection {
    const socket = new Socket({
      send: (data) => log.push(`${name}: ${decodeMessage(data as Uint8Array)?.piece.slice(4)}`),
      close: (code) => log.push(`${name}: closed ${code}`),
    }, () => {});
    return new Connection(socket, { pieces: "large", until: Infinity, receive: () => {} });
  }

  const turn = () => new Promise<void>((resolve) => queueMicrotask(resolve));

  it("send() sends the frames of one turn together at its end", async () => {
    peer.dialled = connection("dialled");
    peer.send(Uint8Array.of(1));
    peer.send(Uint8Array.of(2));
    assertEquals(log, []);
    await turn();
    assertEquals(log, ["dialled: 1,1,0,0,0,2"]);
  });

  it("send() prefers the connection that the peer made", async () => {
    peer.dialled = connection("dialled");
    peer.accepted = connection("accepted");
    peer.send(Uint8Array.of(1));
    await turn();
    assertEquals(log, ["accepted: 1"]);
    peer.lose(peer.accepted);
    peer.send(Uint8Array.of(2));
    await turn();
    assertEquals(log, ["accepted: 1", "dialled: 2"]);
  });

  it("send() avoids a silent connection if the other one answers", async () => {
    const [dialled, accepted] = [connection("dialled"), connection("accepted")];
    [peer.dialled, peer.accepted] = [dialled, accepted];
    accepted.ask();
    for (let i = 0; i < 4; i++) peer.look();
    log.length = 0;
    peer.send(Uint8Array.of(1));
    await turn();
    assertEquals(log, ["dialled: 1"]);
    dialled.ask();
    for (let i = 0; i < 4; i++) peer.look();
    log.length = 0;
    peer.send(Uint8Array.of(2));
    await turn();
    assertEquals(log, ["accepted: 2"]);
  });

  it("send() keeps frames while a connection is being made, and drops them if the attempt fails", async () => {
    peer.send(Uint8Array.of(1)); // dropped: no connection is being made
    peer.isExpected = true;
    peer.send(Uint8Array.of(2));
    await turn();
    peer.isExpected = false;
    peer.schedule(); // the attempt has failed
    await turn();
    peer.isExpected = true;
    peer.send(Uint8Array.of(3));
    await turn();
    peer.isExpected = false;
    peer.dialled = connection("dialled");
    peer.schedule();
    await turn();
    assertEquals(log, ["dialled: 3"]);
  });

  it("lose() ignores a replaced connection", () => {
    const [old, fresh] = [connection("old"), connection("fresh")];
    peer.accepted = fresh;
    peer.lose(old);
    assertEquals([peer.accepted === fresh, peer.isLost], [true, false]);
    peer.lose(fresh);
    assertEquals(peer.isLost, true);
  });

  it("close() sends the waiting frames, and ends both connections", () => {
    peer.dialled = connection("dialled");
    peer.accepted = connection("accepted");
    peer.send(Uint8Array.of(1));
    peer.close(1000, "bye");
    assertEquals(log, ["accepted: 1", "accepted: closed 1000", "dialled: closed 1000"]);
  });
});
