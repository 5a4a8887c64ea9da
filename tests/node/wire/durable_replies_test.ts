// Runs in Deno alone: one part, whose disk the test plays.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { DurableReplies } from "../../../lib/node/wire/durable_replies.ts";

describe("DurableReplies (section 7)", () => {
  it("hold each reply until what was decided before it is durable, and drop those of a life that is over", () => {
    const waiting: (() => void)[] = [];
    const sent: number[] = [];
    const replies = new DurableReplies(
      { whenDurable: (callback) => void waiting.push(callback) },
      (_to, _life, { id }) => void sent.push(id),
    );
    const say = (id: number) => replies.reply("b", "life", { id, type: "watching" });
    say(1);
    say(2);
    assertEquals(sent, []);
    waiting.shift()!();
    assertEquals(sent, [1]);
    replies.clear();
    say(3);
    for (const callback of waiting) callback();
    assertEquals(sent, [1, 3]);
  });
});
