// Runs in Deno alone: pure.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { PendingReplies } from "../../../lib/node/wire/pending_replies.ts";
import type { Header, Reply } from "../../../lib/paxos/messages.ts";

const HEADER = {} as Header;

/** A reply to the question `id`. */
const reply = (id: number): Reply => ({ id, type: "watching" });

describe("PendingReplies", () => {
  /** Pending replies, and a handler that notes what it takes. */
  function start() {
    const replies = new PendingReplies();
    const taken: string[] = [];
    const handler = (name: string) => (from: string, header: Header, { id }: Reply) => {
      taken.push(`${name} takes ${id} of ${from}${header === HEADER ? "" : ", another header"}`);
    };
    const receive = (...ids: number[]) => {
      for (const id of ids) replies.receive("b", HEADER, reply(id));
      return taken.splice(0);
    };
    return { replies, handler, receive };
  }

  it("hands each reply to the handler of its question, as often as it comes", () => {
    const { replies, handler, receive } = start();
    const [one, two] = [replies.open(handler("one")), replies.open(handler("two"))];
    assertEquals(receive(two, one, two), [
      `two takes ${two} of b`,
      `one takes ${one} of b`,
      `two takes ${two} of b`,
    ]);
  });

  it("never uses a number twice, whether it was opened or not", () => {
    const { replies, handler } = start();
    const numbers = [replies.next(), replies.open(handler("one")), replies.next()];
    replies.close(numbers[1]);
    replies.clear();
    numbers.push(replies.open(handler("two")));
    assertEquals(new Set(numbers).size, 4);
  });

  it("drops replies to questions that are closed, or that were never open", () => {
    const { replies, handler, receive } = start();
    const one = replies.open(handler("one"));
    replies.close(one);
    assertEquals(receive(one, 77), []);
  });

  it("hands replies that belong to no open question to another handler, while there is one", () => {
    const { replies, handler, receive } = start();
    const one = replies.open(handler("one"));
    replies.otherwise(handler("other"));
    assertEquals(receive(one, 77), [`one takes ${one} of b`, "other takes 77 of b"]);
    replies.close(one);
    assertEquals(receive(one), [`other takes ${one} of b`]);
    replies.otherwise(null);
    assertEquals(receive(one), []);
  });

  it("replaces the handler of an open question alone", () => {
    const { replies, handler, receive } = start();
    const one = replies.open(handler("one"));
    replies.handOver(one, handler("later"));
    assertEquals(receive(one), [`later takes ${one} of b`]);
    replies.close(one);
    replies.handOver(one, handler("late"));
    assertEquals(receive(one), []);
  });

  it("keeps thousands open, and each of them as long as it takes", () => {
    const { replies, handler, receive } = start();
    const first = replies.open(handler("first"));
    const taken: number[] = [];
    const many = Array.from(
      { length: 3_000 },
      () => replies.open((_from, _header, { id }) => taken.push(id)),
    );
    assertEquals(receive(...many, first), [`first takes ${first} of b`]);
    assertEquals(taken.splice(0), many);
    for (const id of many) if (id % 2 === 0) replies.close(id);
    const others = Array.from(
      { length: 3_000 },
      () => replies.open((_from, _header, { id }) => taken.push(id)),
    );
    receive(...many, ...others);
    assertEquals(taken.splice(0), [...many.filter((id) => id % 2 !== 0), ...others]);
    replies.handOver(others[2_000], handler("later"));
    replies.close(first);
    assertEquals(receive(first, others[2_000]), [`later takes ${others[2_000]} of b`]);
    for (const id of [...many, ...others]) replies.close(id);
    assertEquals(receive(...many, ...others), []);
    assertEquals(taken, []);
  });

  it("forgets all, the other handler, too", () => {
    const { replies, handler, receive } = start();
    const one = replies.open(handler("one"));
    replies.otherwise(handler("other"));
    replies.clear();
    assertEquals(receive(one, 77), []);
  });
});
