import { beforeEach, describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { limitPings, PingLimit } from "../../../transports/websocket/pings.ts";

/** A connection whose end is noted. */
class Ended {
  readonly codes: unknown[] = [];

  close(code?: number): void {
    this.codes.push(code);
  }
}

describe("PingLimit", () => {
  let now = 1_000;
  let limit: PingLimit;

  beforeEach(() => {
    now = 1_000;
    limit = new PingLimit(() => now);
  });

  const take = (socket: Ended, count: number) => {
    for (let index = 0; index < count; index++) limit.take(socket);
  };

  it("ends a connection with more than 100 pings at once", () => {
    const socket = new Ended();
    take(socket, 100);
    assertEquals(socket.codes, []);
    take(socket, 1);
    assertEquals(socket.codes, [1008]);
  });

  it("lets a connection ping ten times in each second, for ever", () => {
    const socket = new Ended();
    for (let second = 0; second < 100; second++) {
      take(socket, 10);
      now += 1_000;
    }
    for (let tenth = 0; tenth < 1_000; tenth++) {
      take(socket, 1);
      now += 100;
    }
    assertEquals(socket.codes, []);
  });

  it("ends a connection that pings more often for long", () => {
    const socket = new Ended();
    for (let second = 0; second < 100; second++) {
      take(socket, 11);
      now += 1_000;
    }
    assertEquals(socket.codes.length > 0, true);
  });

  it("lets come together what a second's pings were while nothing was read for 15 seconds", () => {
    const socket = new Ended();
    for (let second = 0; second < 10; second++) {
      take(socket, 1);
      now += 1_000;
    }
    now += 15_000;
    take(socket, 15);
    assertEquals(socket.codes, []);
  });

  it("keeps no credit for a silent time", () => {
    const socket = new Ended();
    take(socket, 100);
    now += 60_000;
    take(socket, 101);
    assertEquals(socket.codes, [1008]);
  });

  it("counts the pings of each connection by themselves", () => {
    const sockets = Array.from({ length: 20 }, () => new Ended());
    for (const socket of sockets) take(socket, 100);
    assertEquals(sockets.flatMap(({ codes }) => codes), []);
  });
});

describe("limitPings()", () => {
  it("keeps the other listeners, and the one for pings", () => {
    const heard: unknown[] = [];
    const open = () => {};
    const listeners = limitPings({ open, ping: (_: unknown, data: unknown) => heard.push(data) });
    const socket = new Ended();
    for (let index = 0; index < 101; index++) listeners.ping(socket, index);
    assertEquals(listeners.open, open);
    assertEquals(heard, Array.from({ length: 101 }, (_, index) => index));
    assertEquals(socket.codes, [1008]);
  });

  it("serves without a listener for pings", () => {
    const socket = new Ended();
    limitPings({}).ping(socket, "");
    assertEquals(socket.codes, []);
  });
});
