import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import type { LineUser } from "../../transports/guest_line.ts";
import type { GuestLine, GuestReception } from "../../transports/guests.ts";
import { memoryGuests } from "../../transports/memory_guests.ts";

const frame = (number: number) => Uint8Array.of(number);

/** A guest x of server s, over a network whose messages the test delivers, in any order. */
function start(isOpen = true) {
  const log: string[] = [];
  const transit: { readonly way: string; readonly deliver: () => void }[] = [];
  let line: GuestLine | undefined;
  const reception: GuestReception = {
    admit(guest, given) {
      log.push(`admitted ${guest.id} ${JSON.stringify(guest.claims)}`);
      line = given;
      return {
        receive: (received: Uint8Array) => {
          log.push(`s: ${received[0]}`);
          return Promise.resolve();
        },
        lost: () => void log.push("s: lost"),
      };
    },
  };
  const network = {
    reception: () => isOpen ? reception : undefined,
    schedule: (deliver: () => void, from: string, to: string) =>
      void transit.push({ way: `${from} to ${to}`, deliver }),
  };
  const user = {
    opened: () => void log.push("x: opened"),
    received: (received: Uint8Array) => void log.push(`x: ${received[0]}`),
    ended: ({ kind }: { kind: string }) => void log.push(`x: ended, ${kind}`),
    ask: () => undefined,
  } as unknown as LineUser;
  const transport = memoryGuests(network, ["s"], { role: "r" });
  const guest = transport.connect("s", { id: "x", life: "life" }, user);
  /** Delivers all that is in transit, and what follows from it. */
  const deliver = () => {
    while (transit.length > 0) transit.shift()!.deliver();
  };
  return { log, transit, guest, deliver, line: () => line! };
}

describe("memoryGuests()", () => {
  it("connects a guest under its name, with its claims", () => {
    const { log, transit, deliver } = start();
    assertEquals(transit.map(({ way }) => way), ["~x to s"]);
    deliver();
    assertEquals(log, ['admitted x {"role":"r"}', "x: opened"]);
  });

  it("delivers in order and once, also if the network loses and doubles", () => {
    const { log, transit, guest, deliver } = start();
    deliver();
    log.length = 0;
    for (const number of [1, 2, 3]) guest.send(frame(number));
    const [first, second, third] = transit.splice(0);
    for (const { deliver } of [third, second, second, first, first, third]) deliver();
    assertEquals(log, ["s: 1", "s: 2", "s: 3"]);
  });

  it("delivers nothing after what was lost", () => {
    const { log, transit, guest, deliver } = start();
    deliver();
    log.length = 0;
    for (const number of [1, 2, 3]) guest.send(frame(number));
    transit.splice(1, 1);
    deliver();
    assertEquals(log, ["s: 1"]);
  });

  it("copies the bytes", () => {
    const { log, guest, line, deliver } = start();
    deliver();
    log.length = 0;
    const bytes = frame(1);
    guest.send(bytes);
    line().send(bytes, true);
    bytes[0] = 9;
    deliver();
    assertEquals(log, ["s: 1", "x: 1"]);
  });

  it("tells the other side of the end, once, and carries nothing after it", () => {
    const { log, guest, line, deliver } = start();
    deliver();
    log.length = 0;
    guest.close(frame(7));
    guest.send(frame(8));
    line().send(frame(9), true);
    deliver();
    assertEquals(log, ["s: 7", "s: lost"]);
  });

  it("tells a guest why its server has ended the connection", () => {
    for (
      const [why, kind] of [
        ["replaced", "replaced"],
        ["refused", "unauthorized"],
        ["full", "full"],
        ["closing", "lost"],
      ] as const
    ) {
      const { log, guest, line, deliver } = start();
      deliver();
      log.length = 0;
      line().close(why, "");
      deliver();
      guest.send(frame(1));
      deliver();
      assertEquals(log, [`x: ended, ${kind}`]);
    }
  });

  it("a node that takes no guests refuses them", () => {
    const { log, deliver } = start(false);
    deliver();
    assertEquals(log, ["x: ended, unauthorized"]);
  });
});
