import { beforeEach, describe, it } from "@std/testing/bdd";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { turn } from "../support/wait.ts";
import { Book, type PendingPut } from "./book.ts";
import type { OwnedEvent } from "./orders.ts";
import type { Outcome } from "./remote.ts";
import { RemoteClock } from "./remote_clock.ts";

const unbound = (value: string) => ({ value, bound: false });

describe("Book", () => {
  let book: Book;
  let clock: RemoteClock;

  /** An answer that has just arrived to a call at `asked`; the node's clock equals the local one. */
  function answer(asked: number): { outcome: Outcome; clock: RemoteClock } {
    const answered = performance.now();
    const outcome = { number: 1, begun: asked, ended: answered, asked, answered };
    clock.seen(asked, asked, answered, answered);
    return { outcome, clock };
  }

  /** Puts `value`, with an immediate answer that it is stored. */
  function agree(key: string, value: string): void {
    const asked = performance.now();
    book.put(key, "put", unbound(value)).agreed(answer(asked), { value });
  }

  function find(key: string, value: string, asked = performance.now()): void {
    book.read(key, "read", answer(asked), { present: true, value });
  }

  beforeEach(() => {
    book = new Book();
    clock = new RemoteClock();
  });

  it("finds histories that are not linearizable", async () => {
    agree("1/a", "x");
    await turn(2);
    find("1/a", "x");
    assertEquals(book.check([]), []);
    book.read("1/a", "late", answer(performance.now()), { present: false });
    assertStringIncludes(book.check([]).join(), "1/a: 3 operations are not linearizable");
  });

  it("treats an unanswered put as one that may have taken effect, unless it was refused", async () => {
    book.put("1/a", "put", unbound("x"));
    const refused = book.put("1/b", "put", unbound("y"));
    await turn(2);
    find("1/a", "x");
    assertEquals(book.check([]), []);
    refused.refused();
    find("1/b", "y");
    assertStringIncludes(book.check([]).join(), "1/b: 1 operations are not linearizable");
  });

  it("limits the times that a process reports by what the local clock proves", () => {
    // It answered in time, and its clock is known to be 100 ms behind.
    clock.seen(1_100, 1_000, 1_001, 1_101);
    const stamps = (begun: number, ended: number, asked: number, answered: number) => ({
      outcome: { number: 1, begun, ended, asked, answered },
      clock,
    });
    book.put("1/a", "put", unbound("x")).agreed(stamps(1_010, 1_020, 1_109, 1_130), { value: "x" });
    book.read("1/a", "read", stamps(1_019, 1_040, 1_050, 1_141), { present: false }); // overlaps
    assertEquals(book.check([]), []);
    book.read("1/a", "read", stamps(1_021, 1_040, 1_050, 1_141), { present: false });
    assertEquals(book.check([]).length, 1);
  });

  it("hides one era from the next, and expects nothing of what was lost", async () => {
    agree("1/a", "x");
    const late: PendingPut = book.put("1/b", "put", unbound("y"));
    const asked = performance.now();
    await turn(2);
    book.endEra();
    await turn(2);
    late.agreed(answer(asked), { value: "y" });
    book.read("1/a", "from after the loss", answer(asked), { present: false });
    book.read("1/b", "from after the loss", answer(performance.now()), { present: false });
    assertEquals(book.era, "2/");
    agree("2/a", "v"); // of the interim era
    book.read("2/a", "lost once more", answer(performance.now()), { present: false });
    book.beginEra();
    assertEquals([book.era, book.settled.size], ["3/", 0]);
    agree("3/a", "z");
    await turn(2);
    assertEquals(book.check([]), []);
    assertEquals([...book.settled], [["3/a", "z"]]);
    book.read("3/a", "lost", answer(performance.now()), { present: false });
    assertEquals(book.check([]).length, 1);
  });

  it("keeps what was acknowledged for ever, by any node", () => {
    const asked = performance.now();
    book.put("1/a", "put", unbound("x"));
    book.put("1/a", "put", { value: "y", bound: true }).agreed(answer(asked), { value: "x" });
    book.put("1/b", "put", { value: "z", bound: true }).agreed(answer(asked), { value: "z" });
    assertEquals([...book.settled], [["1/a", "x"]]);
  });

  it("judges owners by the last that is known of them, and only by what is certain", () => {
    const owned = (owner: string, from: number, to: number): OwnedEvent => ({
      event: "owned",
      kind: "lock",
      key: "k",
      shared: false,
      token: owner === "a" ? 1 : 2,
      owner,
      from,
      to,
    });
    clock.seen(100, 0, 1, 104); // between 100 and 103
    book.event(owned("a", 10, 11), clock);
    book.event(owned("a", 10, 20), clock);
    book.event(owned("b", 22, 30), clock);
    const exact = new RemoteClock();
    exact.seen(0, 0, 0, 0);
    assertEquals(book.check([]), []);
    book.event(owned("b", 118, 130), exact); // the first one owned it at least until 120
    assertStringIncludes(book.check([]).join(), "two own lock k at 118");
  });

  it("checks calls and visits to resources, too", () => {
    book.event({ event: "ran", key: "k", call: "c", token: 1, order: 1, at: 5 }, clock);
    const visits = [5, 3].map((token) => ({ on: "k", token, before: 0, written: null }));
    assertEquals(book.check(visits), [
      "k: token 3 was let in after 5",
      "k @1 executes call 0 of others",
    ]);
  });
});
