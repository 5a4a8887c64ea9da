import { beforeEach, describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { eventually } from "../../support/wait.ts";
import { type RawSocket, Socket } from "../../../transports/websocket/socket.ts";

describe("Socket", () => {
  let log: string[];
  let socket: Socket;
  let raw: RawSocket;

  beforeEach(() => {
    log = [];
    raw = {
      send: (data) => log.push(`send ${data}`),
      close: (code, reason) => log.push(`close ${code} ${reason}`),
    };
    socket = new Socket(raw, () => log.push("terminate"));
    socket.listen(
      (data) => log.push(typeof data === "string" ? data : `bytes ${data}`),
      (code, reason) => log.push(`closed ${code} ${reason}`),
    );
    socket.onGone = () => log.push("gone");
  });

  /** Resolves when `count` entries are in the log: blobs take their time. */
  async function logged(count: number): Promise<void> {
    await eventually(() => log.length >= count, "all messages are read");
  }

  it("delivers text and bytes of every kind", () => {
    socket.received("text");
    socket.received(Uint8Array.of(1, 2).buffer);
    socket.received(Uint8Array.of(0, 3, 4, 0).subarray(1, 3));
    assertEquals(log, ["text", "bytes 1,2", "bytes 3,4"]);
  });

  it("keeps the order of messages that arrive as Blob and take different times to read", async () => {
    socket.received(slow(3));
    socket.received(slow(2));
    socket.received("text");
    socket.received(new Blob([Uint8Array.of(9)]));
    socket.received(Uint8Array.of(8));
    await logged(5);
    socket.received("later");
    assertEquals(log, ["bytes 3", "bytes 2", "text", "bytes 9", "bytes 8", "later"]);
  });

  it("ends on a Blob that cannot be read", async () => {
    const broken = new Blob([Uint8Array.of(1)]);
    broken.arrayBuffer = () => Promise.reject(new Error("gone"));
    socket.received(broken);
    await logged(1);
    assertEquals(log[0].startsWith("close 4400"), true);
  });

  it("ends when too many bytes of Blobs wait to be read", () => {
    const large = new Blob([new Uint8Array(1_000_000)]);
    for (let i = 0; i < 10; i++) socket.received(large);
    assertEquals(log.map((entry) => entry.slice(0, 10)), ["close 4400", "closed 440"]);
  });

  it("ends without an exception when its user throws", () => {
    socket.listen(() => {
      throw new Error("the user's");
    }, (code) => log.push(`closed ${code}`));
    socket.received("text");
    assertEquals(log.at(-1), "closed 4400");
  });

  it("close() starts the closing handshake once, and delivers nothing more", () => {
    socket.close(4401, "refused: no — really");
    socket.close(1000, "again");
    socket.send("late");
    socket.received("late");
    socket.gone(1006, "");
    socket.gone(1006, "");
    assertEquals(log, [
      "close 4401 refused: no ? really",
      "closed 4401 refused: no — really",
      "gone",
    ]);
  });

  it("close() shortens its reason to the limit of WebSocket", () => {
    socket.close(4401, "x".repeat(500));
    assertEquals(log[0], `close 4401 ${"x".repeat(123)}`);
  });

  it("close() drops the connection when the runtime refuses to close it", () => {
    raw.close = () => {
      throw new Error("invalid state");
    };
    socket.close(1000, "");
    assertEquals(log, ["terminate", "closed 1000 "]);
  });

  it("send() never throws", () => {
    raw.send = () => {
      throw new Error("invalid state");
    };
    socket.send("text");
  });

  it("send() drops the connection of a peer that does not read", () => {
    let unsent = 0;
    socket = new Socket(raw, () => log.push("terminate"), () => unsent);
    socket.send("one");
    unsent = 4 * 2 ** 20;
    socket.send("two");
    unsent++;
    socket.send("three");
    socket.send("four");
    assertEquals(log, [
      "send one",
      "send two",
      "close 4408 the peer does not read",
      "terminate",
    ]);
  });

  it("tick() drops a connection whose closing handshake is not answered in time", () => {
    socket.tick();
    socket.tick();
    socket.tick();
    assertEquals(log, []);
    socket.close(1000, "bye");
    socket.tick();
    assertEquals(log.includes("terminate"), false);
    socket.tick();
    assertEquals(log.at(-1), "terminate");
    log.splice(0);
    // A runtime that cannot drop it and never reports the end.
    for (let i = 0; i < 10; i++) socket.tick();
    assertEquals(log, ["terminate", "gone"]);
  });

  it("leave() starts the closing handshake where the transport can drop the connection", () => {
    socket.leave(4408, "silent");
    assertEquals(log, ["close 4408 silent", "closed 4408 silent"]);
  });

  describe("in a runtime that drops silent connections, and no others", () => {
    beforeEach(() => {
      const listen = (socket: Socket) => {
        socket.listen(
          (data) => log.push(`${data}`),
          (code, reason) => log.push(`closed ${code} ${reason}`),
        );
        socket.onGone = () => log.push("gone");
        return socket;
      };
      socket = listen(new Socket(raw, () => log.push("terminate"), () => 0, true));
      socket.leave(4408, "silent");
    });

    it("leave() starts no closing handshake, and sends and delivers nothing more", () => {
      socket.send("late");
      socket.leave(4408, "again");
      assertEquals([log, socket.isOpen], [["closed 4408 silent"], false]);
      socket.gone(1001, "");
      assertEquals(log, ["closed 4408 silent", "gone"]);
    });

    it("the other side that breaks its silence learns that the connection has ended", () => {
      socket.received("here I am");
      socket.received("hello?");
      assertEquals(log, ["closed 4408 silent", "close 4408 silent"]);
    });

    it("the closing handshake starts when the runtime has not dropped the connection in time", () => {
      for (let i = 0; i < 6; i++) socket.tick();
      assertEquals(log, ["closed 4408 silent"]);
      socket.tick();
      assertEquals(log, ["closed 4408 silent", "close 4408 silent"]);
      for (let i = 0; i < 4; i++) socket.tick();
      assertEquals(log.slice(2), ["terminate", "terminate", "gone"]);
    });

    it("close() starts the closing handshake of one that was left", () => {
      socket.close(1000, "the node has closed");
      assertEquals(log, ["closed 4408 silent", "close 4408 silent"]);
    });
  });

  it("failed() ends it, even if the runtime reports the end as well", () => {
    socket.failed();
    socket.gone(1006, "");
    assertEquals(log.map((entry) => entry.slice(0, 11)), ["close 4400 ", "closed 4400", "gone"]);
  });

  it("ends on a message that is neither text nor bytes", () => {
    socket.received({});
    assertEquals(log[0].startsWith("close 4400"), true);
  });
});

/** A blob that takes `byte` milliseconds longer to read. */
function slow(byte: number): Blob {
  const blob = new Blob([Uint8Array.of(byte)]);
  const read = blob.arrayBuffer.bind(blob);
  blob.arrayBuffer = async () => {
    await new Promise((resolve) => setTimeout(resolve, byte));
    return await read();
  };
  return blob;
}
