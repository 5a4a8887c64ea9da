// Runs in Deno alone: pure.
import { assertEquals, assertRejects } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { WatchIterator } from "../../lib/kv/watch_iterator.ts";
import { SynodError } from "../../mod.ts";

/** An iterator over numbers that the test gives it. */
function start() {
  const aborter = new AbortController();
  const closing = new AbortController();
  const news: number[] = [];
  const source = { wake: () => {}, fail: (_error: unknown) => {}, stopped: 0 };
  const iterator = new WatchIterator<number>(
    {
      start(wake, fail) {
        Object.assign(source, { wake, fail });
        return () => source.stopped++;
      },
      take: () => news.shift(),
    },
    [aborter.signal],
    closing.signal,
  );
  const give = (...numbers: number[]) => {
    news.push(...numbers);
    source.wake();
  };
  return { iterator, source, give, aborter, closing };
}

const END = { done: true, value: undefined } as const;

describe("WatchIterator", () => {
  it("yields what there is, and waits for more", async () => {
    const { iterator, give } = start();
    give(1, 2);
    assertEquals(await iterator.next(), { done: false, value: 1 });
    assertEquals(await iterator.next(), { done: false, value: 2 });
    const next = iterator.next();
    give(3);
    assertEquals(await next, { done: false, value: 3 });
  });

  it("ends with return(), which stops the source once", async () => {
    const { iterator, source, give } = start();
    const waiting = iterator.next();
    assertEquals(await iterator.return(), END);
    await iterator.return();
    give(1);
    assertEquals([await waiting, await iterator.next(), source.stopped], [END, END, 1]);
  });

  it("throws the reason of its signal, once", async () => {
    const { iterator, source, aborter } = start();
    const waiting = iterator.next();
    aborter.abort(new Error("enough"));
    await assertRejects(() => waiting, Error, "enough");
    assertEquals([await iterator.next(), source.stopped], [END, 1]);
  });

  it("yields what there is before it throws the error of its source", async () => {
    const { iterator, source, give } = start();
    give(1);
    source.fail(new Error("refused"));
    assertEquals(await iterator.next(), { done: false, value: 1 });
    await assertRejects(() => iterator.next(), Error, "refused");
    assertEquals([await iterator.next(), source.stopped], [END, 1]);
  });

  it("ends when the node closes, with an error if the program did not close it", async () => {
    for (const code of ["closed", "replaced"] as const) {
      const { iterator, source, closing } = start();
      const waiting = iterator.next();
      closing.abort(new SynodError(code, "over"));
      if (code === "closed") assertEquals(await waiting, END);
      else await assertRejects(() => waiting, SynodError, "over");
      assertEquals([await iterator.next(), source.stopped], [END, 1]);
    }
  });
});
