import { beforeEach, describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { Socket } from "../../../transports/websocket/socket.ts";
import { Sockets } from "../../../transports/websocket/sockets.ts";

describe("Sockets", () => {
  let log: string[];
  let sockets: Sockets;

  beforeEach(() => {
    log = [];
    sockets = new Sockets();
  });

  function add(name: string): Socket {
    const raw = { send: () => {}, close: (code?: number) => log.push(`${name} close ${code}`) };
    const socket = new Socket(raw, () => log.push(`${name} terminate`));
    sockets.add(socket);
    return socket;
  }

  it("ends at once without sockets, or with those that are gone", async () => {
    await sockets.end(1001, "over", 60_000);
    add("a").gone(1000, "");
    await sockets.end(1001, "over", 60_000);
    assertEquals(log, []);
  });

  it("waits until all are gone, and drops none of them", async () => {
    const [a, b] = [add("a"), add("b")];
    let isOver = false;
    const end = sockets.end(1001, "over", 60_000).then(() => isOver = true);
    assertEquals(log, ["a close 1001", "b close 1001"]);
    a.gone(1001, "");
    await Promise.resolve();
    assertEquals(isOver, false);
    b.gone(1001, "");
    await end;
    assertEquals(log.length, 2);
  });

  it("drops those that take too long", async () => {
    const [a] = [add("a"), add("b")];
    const end = sockets.end(1001, "over", 1);
    a.gone(1001, "");
    await end;
    assertEquals(log.slice(2), ["b terminate"]);
  });

  it("passes ticks on, so that a socket that does not answer is dropped, and then counts as gone", async () => {
    add("a").close(1000, "");
    for (let tick = 0; tick < 2; tick++) sockets.tick();
    assertEquals(log, ["a close 1000", "a terminate"]);
    for (let tick = 0; tick < 2; tick++) sockets.tick();
    await sockets.end(1001, "over", 60_000);
  });
});
