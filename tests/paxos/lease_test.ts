import { describe, it } from "@std/testing/bdd";
import { assertAlmostEquals, assertEquals } from "@std/assert";
import {
  type ClockReading,
  type Lease,
  type LeaseOptions,
  OWNER_SHARE,
} from "../../lib/paxos/lease.ts";
import type { Sender } from "../../lib/paxos/quorum.ts";
import { FENCED_KEPT, GRANT_SHARE, SessionTable } from "../../lib/paxos/sessions.ts";
import { isValid, makeLease as leaseOf } from "./support/lease.ts";

const members = ["a", "b", "c"];
const sender = (member: string, incarnation = "1", vector = ["1", "1", "1"]): Sender => ({
  member,
  incarnation,
  vector,
});

/** Both clocks advance alike; the wall clock has another offset. */
const at = (now: number): ClockReading => ({ now, wall: 1_700_000_000_000 + now });
/** Clocks that have advanced by different amounts. */
const clocks = (now: number, wall: number): ClockReading => ({
  now,
  wall: 1_700_000_000_000 + wall,
});

const makeLease = (ttl = 1_000, options: Partial<LeaseOptions> = {}) =>
  leaseOf("n/1/1", ttl, members, options);

/** A lease whose first renewal was sent at 0, and granted by a and b at once. */
function granted(ttl = 1_000): Lease {
  const lease = makeLease(ttl);
  const renewal = lease.renew(at(0));
  lease.renewed(sender("a"), renewal, at(0));
  lease.renewed(sender("b"), renewal, at(0));
  return lease;
}

describe("Lease: the owner's deadline (Gray & Cheriton, Leases)", () => {
  it("is neither valid nor dead before a quorum granted it", () => {
    const lease = makeLease();
    const renewal = lease.renew(at(0));
    assertEquals(lease.renewed(sender("a"), renewal, at(10)), false);
    assertEquals([isValid(lease, at(10)), lease.isDead(at(10)), lease.wasGranted], [
      false,
      false,
      false,
    ]);
    assertEquals([lease.remaining(at(10)), lease.isDead(at(1_800))], [0, false]);
    assertEquals(lease.renewed(sender("c"), renewal, at(20)), true);
    assertEquals([isValid(lease, at(20)), lease.wasGranted], [true, true]);
  });

  it("is dead for ever when no quorum granted it in time: members may have forgotten that it ended", () => {
    assertEquals(GRANT_SHARE, FENCED_KEPT * OWNER_SHARE);
    const limit = 5_000;
    for (const [time, isGranted] of [[limit - 1, true], [limit, false]] as const) {
      const lease = makeLease(1_000, { grantWithin: limit });
      lease.renew(at(100));
      const renewal = lease.renew(at(100 + time - 10));
      lease.renewed(sender("a"), renewal, at(100 + time - 5));
      assertEquals(lease.renewed(sender("b"), renewal, at(100 + time)), isGranted);
      assertEquals([isValid(lease, at(100 + time)), lease.isDead(at(100 + time))], [
        isGranted,
        !isGranted,
      ]);
      // Once it was granted, that limit no longer applies.
      const next = lease.renew(at(100 + time + 500));
      lease.renewed(sender("a"), next, at(100 + time + 500));
      lease.renewed(sender("b"), next, at(100 + time + 500));
      assertEquals(isValid(lease, at(100 + time + 1_400)), isGranted);
    }
  });

  it("is not dead before its first renewal, even if its name is old", () => {
    const lease = makeLease();
    assertEquals([lease.isDead(at(1_000_000)), lease.wasGranted], [false, false]);
    const renewal = lease.renew(at(1_000_000));
    lease.renewed(sender("a"), renewal, at(1_000_000));
    assertEquals(lease.renewed(sender("b"), renewal, at(1_000_000)), true);
  });

  it("tells the age of the renewal that its deadline counts from", () => {
    const lease = makeLease();
    assertEquals(lease.age(at(0)), 0);
    const renewal = lease.renew(at(100));
    lease.renewed(sender("a"), renewal, at(200));
    lease.renewed(sender("b"), renewal, at(700));
    assertEquals(lease.age(at(750)), 650);
  });

  it("is the time of sending plus 95 % of the ttl, not the time at which the grant arrived", () => {
    const lease = makeLease();
    const renewal = lease.renew(at(100));
    lease.renewed(sender("a"), renewal, at(200));
    lease.renewed(sender("b"), renewal, at(700));
    assertEquals(OWNER_SHARE, 0.95);
    assertEquals(lease.remaining(at(700)), 350);
    assertEquals(lease.remaining(at(1_049)), 1);
    assertEquals(isValid(lease, at(1_049.5)), true);
    assertEquals(isValid(lease, at(1_050)), false);
  });

  it("counts a member once: two grants of one are no quorum", () => {
    const lease = makeLease();
    const renewal = lease.renew(at(0));
    for (const _ of [1, 2, 3]) assertEquals(lease.renewed(sender("a"), renewal, at(1)), false);
    assertEquals(isValid(lease, at(1)), false);
  });

  it("does not count grants of two renewals together", () => {
    const lease = makeLease();
    const [first, second] = [lease.renew(at(0)), lease.renew(at(300))];
    assertEquals(lease.renewed(sender("a"), first, at(310)), false);
    assertEquals(lease.renewed(sender("b"), second, at(310)), false);
    assertEquals(isValid(lease, at(310)), false);
  });

  it("a quorum of renewals is crash-consistent", () => {
    const lease = makeLease();
    const renewal = lease.renew(at(0));
    assertEquals(lease.renewed(sender("a", "1", ["1", "1", "1"]), renewal, at(1)), false);
    assertEquals(lease.renewed(sender("b", "1", ["2", "1", "1"]), renewal, at(2)), false);
    assertEquals(isValid(lease, at(2)), false);
    assertEquals(lease.renewed(sender("a", "2", ["2", "1", "1"]), renewal, at(3)), true);
  });

  it("a later renewal moves it, to the time at which that one was sent", () => {
    const lease = granted();
    const renewal = lease.renew(at(333));
    lease.renewed(sender("a"), renewal, at(340));
    assertEquals(lease.remaining(at(340)), 610);
    assertEquals(lease.renewed(sender("b"), renewal, at(900)), true);
    assertEquals(lease.remaining(at(900)), 383);
  });

  it("grants of an earlier renewal that come late never move it back", () => {
    const lease = makeLease();
    const [first, second] = [lease.renew(at(0)), lease.renew(at(300))];
    lease.renewed(sender("a"), second, at(310));
    assertEquals(lease.renewed(sender("b"), second, at(310)), true);
    assertEquals(lease.renewed(sender("a"), first, at(320)), false);
    assertEquals(lease.renewed(sender("b"), first, at(320)), false);
    assertEquals(lease.remaining(at(320)), 930);
  });

  it("a granted renewal counts once: the third grant of the same renewal moves nothing", () => {
    const lease = makeLease();
    const renewal = lease.renew(at(0));
    lease.renewed(sender("a"), renewal, at(10));
    assertEquals(lease.renewed(sender("b"), renewal, at(10)), true);
    assertEquals(lease.renewed(sender("c"), renewal, at(20)), false);
    assertEquals(lease.renewed(sender("c"), 99, at(20)), false);
    assertEquals(lease.remaining(at(20)), 930);
  });

  it("renewals are numbered, none twice", () => {
    const lease = makeLease();
    assertEquals([lease.renew(at(0)), lease.renew(at(0)), lease.renew(at(5_000))], [1, 2, 3]);
  });
});

describe("Lease: dead for ever once the deadline has passed", () => {
  it("is dead at the deadline and later, without any timer", () => {
    const lease = granted();
    assertEquals([lease.isDead(at(949)), lease.isDead(at(950))], [false, true]);
  });

  it("stays dead, even if an earlier time is given afterwards", () => {
    const lease = granted();
    assertEquals(isValid(lease, at(950)), false);
    assertEquals([isValid(lease, at(100)), lease.isDead(at(100)), lease.remaining(at(100))], [
      false,
      true,
      0,
    ]);
  });

  it("a reply that arrives after the deadline is ignored, even without a call in between", () => {
    const lease = granted();
    const renewal = lease.renew(at(900));
    lease.renewed(sender("a"), renewal, at(949));
    // Alone, renewal 2 would be valid until 1850.
    assertEquals(lease.renewed(sender("b"), renewal, at(950)), false);
    assertEquals([isValid(lease, at(951)), lease.isDead(at(951))], [false, true]);
  });

  it("a grant that took 95 % of the ttl or more has no effect, even the first one", () => {
    const lease = makeLease();
    const renewal = lease.renew(at(0));
    lease.renewed(sender("a"), renewal, at(10));
    assertEquals(lease.renewed(sender("b"), renewal, at(950)), false);
    assertEquals([lease.wasGranted, lease.isDead(at(950))], [false, false]);
    const again = lease.renew(at(1_000));
    lease.renewed(sender("a"), again, at(1_001));
    assertEquals(lease.renewed(sender("b"), again, at(1_002)), true);
  });

  it("no renewal that was sent after its end revives it", () => {
    const lease = granted();
    const renewal = lease.renew(at(960));
    for (const member of members) {
      assertEquals(lease.renewed(sender(member), renewal, at(961)), false);
    }
    assertEquals(isValid(lease, at(961)), false);
  });

  it("end() ends it at once, also a lease that was never granted", () => {
    for (const lease of [granted(), makeLease()]) {
      const renewal = lease.renew(at(5));
      lease.end();
      for (const member of members) lease.renewed(sender(member), renewal, at(6));
      assertEquals([isValid(lease, at(6)), lease.isDead(at(6)), lease.remaining(at(6))], [
        false,
        true,
        0,
      ]);
    }
  });
});

describe("Lease: the larger of both clocks' differences", () => {
  it("the monotonic clock stopped while the machine slept: the wall clock tells", () => {
    const lease = granted();
    assertEquals(lease.remaining(clocks(10, 500)), 450);
    assertEquals(lease.isDead(clocks(11, 950)), true);
  });

  it("the wall clock was set back: the monotonic clock tells", () => {
    const lease = granted();
    assertEquals(lease.remaining(clocks(500, -3_600_000)), 450);
    assertEquals(lease.isDead(clocks(950, -3_600_000)), true);
  });

  it("the same for the age of a grant: one that took a sleep to arrive has no effect", () => {
    for (const late of [clocks(20, 950), clocks(950, 20)]) {
      const lease = makeLease();
      const renewal = lease.renew(at(0));
      lease.renewed(sender("a"), renewal, at(10));
      assertEquals(lease.renewed(sender("b"), renewal, late), false);
      assertEquals(isValid(lease, late), false);
    }
  });

  it("counts from the reading of the renewal that was granted, each clock against itself", () => {
    const lease = granted();
    // The wall clock jumps an hour back between two renewals.
    const renewal = lease.renew(clocks(300, -3_600_000));
    lease.renewed(sender("a"), renewal, clocks(310, -3_599_990));
    assertEquals(lease.renewed(sender("b"), renewal, clocks(310, -3_599_990)), true);
    assertAlmostEquals(lease.remaining(clocks(400, -3_599_900)), 850);
    assertEquals(isValid(lease, clocks(400, 0)), false);
  });
});

describe("Lease and coarse clocks", () => {
  const ERROR = 200;
  const coarse = (time: number) => at(Math.floor(time / 100) * 100);

  it("its deadline is earlier by the amount by which the time since the renewal may look shorter than it is", () => {
    const lease = makeLease(1_000, { clockError: () => ERROR });
    const renewal = lease.renew(at(0));
    for (const member of ["a", "b"]) lease.renewed(sender(member), renewal, at(0));
    assertEquals([lease.remaining(at(0)), isValid(lease, at(749.9))], [750, true]);
    assertEquals(isValid(lease, at(750)), false);
  });

  it("the deadline passes before an acceptor with a coarse clock may fence: at every offset of both", () => {
    for (let sent = 0; sent < 100; sent += 7) {
      for (let heard = sent; heard < sent + 100; heard += 9) {
        const lease = makeLease(1_000, { clockError: () => 100 });
        const table = new SessionTable(1_000, () => 100);
        const renewal = lease.renew(coarse(sent));
        table.renew(lease.session, lease.ttl, 1, coarse(heard).now);
        for (const member of ["a", "b"]) lease.renewed(sender(member), renewal, coarse(heard));
        // In true time, regardless of the clocks.
        let validUntil = 0;
        let fencedAt = 0;
        for (let time = heard; fencedAt === 0; time++) {
          if (isValid(lease, coarse(time))) validUntil = time;
          if (table.fence(lease.session, coarse(time).now)?.type === "fenced") fencedAt = time;
        }
        assertEquals(validUntil < sent + 950, true, `${sent} ${heard}: valid at ${validUntil}`);
        assertEquals(fencedAt >= heard + 1_000, true, `${sent} ${heard}: fenced at ${fencedAt}`);
      }
    }
  });
});

describe("Lease and clocks of different rates", () => {
  it("the deadline passes before an acceptor may fence, as long as rates agree within 5 %", () => {
    // The owner's clock against that of an acceptor that receives the renewal as it is sent.
    for (const rate of [0.95, 1, 1.05]) {
      const lease = granted();
      const table = new SessionTable(1_000);
      table.renew(lease.session, lease.ttl, 1, 0);
      let fencedAt = 0;
      for (let time = 0; fencedAt === 0; time++) {
        if (table.fence(lease.session, time)?.type === "fenced") fencedAt = time;
        else assertEquals(isValid(lease, at(time * rate)), time * rate < 950);
      }
      assertEquals([fencedAt, isValid(lease, at(fencedAt * rate))], [1_000, false]);
    }
  });
});
