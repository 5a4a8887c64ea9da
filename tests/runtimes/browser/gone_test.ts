import { assert, assertEquals, assertLess } from "@std/assert";
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import { ENDS, GoneTabs, type Waited } from "./gone_tabs.ts";

/** The default `sessionTtl`, in milliseconds: none of these tests waits for it. */
const SESSION_TTL = 5_000;

/** Repetitions of each. */
const ROUNDS = 3;

describe("tabs and workers of one origin that are gone (section 6)", () => {
  let gone: GoneTabs;

  beforeAll(async () => void (gone = await GoneTabs.start()));
  afterAll(() => gone[Symbol.asyncDispose]());

  // Real time on a busy machine: far from a session, though usually a few milliseconds.
  function assertAtOnce({ cluster }: Waited): void {
    assertEquals(cluster.length, ROUNDS);
    for (const took of cluster) assertLess(took, SESSION_TTL / 3);
  }

  it("a worker that was terminated", async () => {
    assertAtOnce(await gone.workers(ROUNDS));
  });

  it("a tab that was closed", async () => {
    assertAtOnce(await gone.tabs(ENDS.closed, ROUNDS));
  });

  it("a tab whose process has crashed", async () => {
    assertAtOnce(await gone.tabs(ENDS.crashed, ROUNDS));
  });

  it("a frozen tab keeps its lock until its session ends", async () => {
    const { took, id, still } = await gone.frozen();
    assert(took > SESSION_TTL / 2, `${took}`);
    assertEquals(still, id);
  });
});
