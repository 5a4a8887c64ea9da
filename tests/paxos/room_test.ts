// Runs in Deno alone: pure.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Room } from "../../lib/paxos/room.ts";
import { CONFIGURATION, type State } from "../../lib/paxos/register.ts";
import { ENTRY_BYTES, sizeOf } from "../../lib/paxos/size.ts";
import { present } from "./support/changes.ts";

const ballot = { counter: 1, life: "p" };
const state = (length: number): State => ({ ...present("x".repeat(length)), token: 1, over: 0 });

/** A room in which `held` registers of `length` bytes are held, with `left` bytes below the bound. */
function made(held: number, length: number, left: number): Room {
  const registers = Array.from({ length: held }, (_, i) => `k${i}`);
  const bytes = registers.reduce((sum, one) => sum + sizeOf(one, state(length)), 0);
  const room = new Room({ maxKeys: 100, maxBytes: bytes + left });
  for (const one of registers) room.tally(one, undefined, state(length));
  assertEquals(room.bytes, bytes);
  return room;
}

/** Whether there is room for a held register that grows. */
const grows = (room: Room, register: string, bytes: number, now = 0) =>
  room.takes({ register, ballot, grows: bytes }, true, 5, now);

describe("Room (section 8)", () => {
  it("has room for what grows until maxBytes is reached, with what it has promised", () => {
    const room = made(5, 100, 1_000);
    assertEquals([grows(room, "k0", 600), grows(room, "k1", 600), grows(room, "k2", 1)], [
      ...[true, true, false],
    ]);
    // Asked for once more, and then used.
    assertEquals(grows(room, "k1", 10), true);
    room.tally("k0", state(100), state(150));
    assertEquals(grows(room, "k2", 5_000), true);
    assertEquals([grows(room, "k3", 1), room.takes({ register: "k3", ballot }, true, 5, 0)], [
      ...[false, true],
    ]);
  });

  it("has room for new registers only beside what it has promised", () => {
    const room = made(5, 100, ENTRY_BYTES + 100);
    const asked = { register: "new", ballot } as const;
    assertEquals(room.takes(asked, false, 5, 0), true);
    assertEquals(grows(room, "k0", 200), true);
    assertEquals(room.takes(asked, false, 5, 0), false);
    assertEquals(room.takes({ ...asked, reserve: true }, false, 5, 0), true);
    assertEquals(room.takes({ ...asked, sweep: true }, false, 5, 0), true);
  });

  it("reserves what a new register adds until something is accepted for it", () => {
    const room = made(5, 100, ENTRY_BYTES + 1_100);
    assertEquals(room.takes({ register: "new", ballot, grows: 900 }, false, 5, 0), true);
    room.tally("new", undefined, null);
    assertEquals([grows(room, "k0", 600), grows(room, "k1", 1)], [true, false]);
    room.tally("new", null, { present: false, token: 1 });
    assertEquals(grows(room, "k1", 1), true);
  });

  it("leaves what an earlier promise has reserved where it refuses a later one of the register", () => {
    const room = made(5, 100, 1_000);
    assertEquals([grows(room, "k0", 600), grows(room, "k1", 600)], [true, true]);
    room.tally("k2", state(100), state(1_500));
    assertEquals([grows(room, "k0", 1), grows(room, "k3", 1)], [false, false]);
    room.tally("k2", state(1_500), state(100));
    assertEquals(grows(room, "k3", 1), false);
    // One that adds nothing takes the place of the earlier promise.
    assertEquals(room.takes({ register: "k0", ballot }, true, 5, 0), true);
    assertEquals(grows(room, "k3", 1), true);
  });

  it("keeps it for five seconds; meanwhile it is worth asking again", () => {
    const room = made(5, 100, 0);
    assertEquals(grows(room, "k0", 100, 1_000), true);
    assertEquals(grows(room, "k1", 1, 2_000), false);
    assertEquals(room.full(), { type: "full", tidying: true, missing: [] });
    room.tidy(5_999);
    assertEquals(grows(room, "k1", 1, 5_999), false);
    room.tidy(6_000);
    assertEquals(room.full(), { type: "full", tidying: false, missing: [] });
    assertEquals(grows(room, "k1", 1, 6_000), true);
  });

  it("always has room for a release, a sweep and the configuration", () => {
    const room = made(5, 100, 0);
    room.tally("k0", state(100), state(200));
    assertEquals(grows(room, "k1", 1), false);
    assertEquals(room.takes({ register: "k1", ballot, reserve: true }, true, 5, 0), true);
    assertEquals(room.takes({ register: "k1", ballot, sweep: true }, true, 5, 0), true);
    assertEquals(room.takes({ register: CONFIGURATION, ballot }, false, 100, 0), true);
  });
});
