import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { IssuedTickets, ShownTickets } from "../../lib/paxos/tickets.ts";

const at = (now: number, wall = now) => ({ now, wall });

describe("IssuedTickets (section 13)", () => {
  it("are open for a third of the time to live after the newest shown one was given", () => {
    const tickets = new IssuedTickets(3_000);
    assertEquals(tickets.isOpen(at(0)), false);
    assertEquals(tickets.issue(at(0)), 1);
    assertEquals(tickets.isOpen(at(0)), false, "nothing was shown");
    tickets.show(1);
    assertEquals(tickets.isOpen(at(999)), true);
    assertEquals(tickets.isOpen(at(1_000)), false);
  });

  it("count from the moment at which they were given, not from that at which they are shown", () => {
    const tickets = new IssuedTickets(3_000);
    tickets.issue(at(0));
    tickets.issue(at(500));
    tickets.show(1);
    assertEquals(tickets.isOpen(at(1_200)), false);
    tickets.show(2);
    assertEquals(tickets.isOpen(at(1_200)), true);
    assertEquals(tickets.isOpen(at(1_500)), false);
  });

  it("never go back, and ignore numbers that were not given", () => {
    const tickets = new IssuedTickets(3_000);
    tickets.issue(at(0));
    tickets.issue(at(900));
    tickets.show(2);
    tickets.show(1);
    assertEquals(tickets.isOpen(at(1_500)), true);
    tickets.show(3);
    tickets.show(NaN);
    assertEquals(tickets.isOpen(at(1_899)), true);
    assertEquals(tickets.isOpen(at(1_900)), false);
    assertEquals(tickets.last, 2);
  });

  it("count by the clock that has moved further, and allow for coarse clocks", () => {
    const tickets = new IssuedTickets(3_000, () => 100);
    tickets.issue(at(0, 50_000));
    tickets.show(1);
    assertEquals(tickets.isOpen(at(899, 50_000)), true);
    assertEquals(tickets.isOpen(at(900, 50_000)), false);
    assertEquals(tickets.isOpen(at(0, 50_900)), false);
  });

  it("tell the age of the newest one", () => {
    const tickets = new IssuedTickets(3_000);
    assertEquals(tickets.age(at(7)), Infinity);
    tickets.issue(at(7));
    assertEquals(tickets.age(at(10)), 3);
  });

  it("are bounded, regardless of what is shown", () => {
    const tickets = new IssuedTickets(3_000);
    for (let i = 0; i < 5_000; i++) tickets.issue(at(0));
    tickets.show(3_000);
    assertEquals(tickets.isOpen(at(0)), false, "this one was forgotten");
    tickets.show(5_000);
    assertEquals(tickets.isOpen(at(0)), true);
  });
});

describe("ShownTickets (section 13)", () => {
  const wait = 3_000 / 3 / 0.95;

  it("wait from the moment at which the last shown one came", () => {
    const tickets = new ShownTickets(3_000);
    assertEquals(tickets.remaining(at(0)), 0, "nothing was shown");
    tickets.got(1, at(100));
    assertEquals([tickets.newest, tickets.show()], [1, 1]);
    tickets.got(2, at(600));
    assertEquals(tickets.remaining(at(600)), 100 + wait - 600);
    assertEquals(tickets.show(), 2);
    assertEquals(tickets.remaining(at(600)), wait);
    assertEquals(tickets.remaining(at(600 + wait)), 0);
  });

  it("ignore a ticket that comes late", () => {
    const tickets = new ShownTickets(3_000);
    tickets.got(2, at(0));
    tickets.got(1, at(900));
    tickets.show();
    assertEquals(tickets.remaining(at(0)), wait);
  });

  it("wait by the clock that has moved less, and allow for coarse clocks", () => {
    const tickets = new ShownTickets(3_000, () => 50);
    tickets.got(1, at(0, 90_000));
    tickets.show();
    assertEquals(tickets.remaining(at(500, 99_000)), wait + 50 - 500);
    assertEquals(tickets.remaining(at(5_000, 90_500)), wait + 50 - 500);
  });

  it("end after the gateway's, with clocks whose rates differ by 5 %", () => {
    const [issued, shown] = [new IssuedTickets(3_000), new ShownTickets(3_000)];
    issued.issue(at(0));
    issued.show(1);
    shown.got(1, at(0));
    shown.show();
    // The gateway's clock is slow: 1,050 true milliseconds are 999 of its own.
    const late = 1_050;
    assertEquals(issued.isOpen(at(late * 0.951)), true);
    assertEquals(shown.remaining(at(late)) > 0, true);
  });
});
