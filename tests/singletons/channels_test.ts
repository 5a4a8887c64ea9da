// Runs in Deno alone: pure.
import { assertEquals, assertNotStrictEquals, assertStrictEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  type Channel,
  Channels,
  FEW_OPEN,
  mostNamed,
  numbersOf,
} from "../../lib/singletons/channels.ts";
import { MAX_OPEN } from "../../lib/singletons/singleton_messages.ts";

/** Channels of the life `n1` unless another one is given, with births from 1 on. */
function start() {
  const channels = new Channels();
  let births = 0;
  const open = (host: string, now: number, life = "n1") =>
    channels.open(host, life, now, () => ++births);
  return { channels, open };
}

describe("Channels: open() (section 10)", () => {
  it("is the same channel within a second, and as long as an attempt is open", () => {
    const { open } = start();
    const channel = open("h1", 0);
    assertStrictEquals(open("h1", 999), channel);
    assertStrictEquals(open("h1", 1_998), channel);
    channel.open.add(1);
    assertStrictEquals(open("h1", 60_000), channel);
    channel.open.delete(1);
    assertNotStrictEquals(open("h1", 61_000), channel);
  });

  it("is another channel with a later birth for each life of a host and of the node", () => {
    const { open } = start();
    const births = [open("h1", 0), open("h2", 0), open("h1", 0, "n2"), open("h1", 0)]
      .map(({ birth, life }) => [birth, life]);
    assertEquals(births, [[1, "n1"], [2, "n1"], [3, "n2"], [4, "n1"]]);
  });

  it("is another channel once the host has forgotten it", () => {
    const { open } = start();
    const channel = open("h1", 0);
    channel.open.add(1);
    channel.isStale = true;
    assertEquals(open("h1", 0).birth, channel.birth + 1);
  });

  it("tells an earlier channel that the host forgets its attempts", () => {
    const { open } = start();
    const channel = open("h1", 0);
    channel.open.add(1);
    channel.isStale = true;
    open("h2", 0);
    assertEquals(channel.isReplaced, false);
    const next = open("h1", 0);
    assertEquals([channel.isReplaced, next.isReplaced], [true, false]);
  });

  it("keeps at most about a thousand channels without an open attempt", () => {
    const { channels, open } = start();
    for (let i = 0; i < 20_000; i++) {
      open(`h${i}`, i);
      assertEquals(channels.size <= 1_000, true);
    }
  });

  it("keeps each channel with an open attempt", () => {
    const { channels, open } = start();
    const busy = Array.from({ length: 3_000 }, (_, i) => {
      const channel = open(`busy${i}`, 0);
      channel.open.add(1);
      return channel;
    });
    for (let i = 0; i < 5_000; i++) open(`h${i}`, 0);
    for (const [i, channel] of busy.entries()) assertStrictEquals(open(`busy${i}`, 9e9), channel);
    assertEquals(channels.size < 7_000, true);
  });
});

describe("mostNamed()", () => {
  it("is few for the first message, and many at most every 200 ms", () => {
    const channel = { named: -Infinity } as Channel;
    assertEquals(mostNamed(channel, true, 0), FEW_OPEN);
    assertEquals([0, 199, 200, 399, 400].map((now) => mostNamed(channel, false, now)), [
      MAX_OPEN,
      FEW_OPEN,
      MAX_OPEN,
      FEW_OPEN,
      MAX_OPEN,
    ]);
  });
});

describe("numbersOf()", () => {
  /** A channel with these open attempts, of `last` attempts. */
  const channelOf = (last: number, ...open: number[]) =>
    ({ birth: 7, last, open: new Set(open) }) as unknown as Channel;

  it("has all attempts below the lowest open one as done", () => {
    const numbers = ([[3, [3]], [3, [1, 3]], [3, [2, 3]], [4, [3, 4]], [3, []]] as const)
      .map(([sequence, open]) => numbersOf(channelOf(4, ...open), sequence, 8).done);
    assertEquals(numbers, [2, 0, 1, 2, 2]);
  });

  it("lists the open attempts below its own, the lowest ones, and tells whether there may be more", () => {
    const channel = channelOf(9, 2, 4, 5, 8, 9);
    const listed = ([[8, 8], [8, 3], [8, 2], [4, 8], [2, 8], [2, 0]] as const)
      .map(([sequence, named]) => {
        const { open, full } = numbersOf(channel, sequence, named);
        return [open, full];
      });
    assertEquals(listed, [
      [[2, 4, 5], false],
      [[2, 4, 5], true],
      [[2, 4], true],
      [[2], false],
      [[], false],
      [[], true],
    ]);
  });

  it("has the number of the attempt and the birth of the channel", () => {
    const { birth, sequence } = numbersOf(channelOf(3, 3), 3, 8);
    assertEquals([birth, sequence], [7, 3]);
  });
});
