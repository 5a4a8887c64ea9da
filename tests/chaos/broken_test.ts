import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { turn } from "../support/wait.ts";
import { Book } from "./book.ts";
import type { Breakage } from "./broken.ts";
import { Cluster, type Station } from "./process_cluster.ts";
import { Operations } from "./operations.ts";
import { Progress } from "./progress.ts";
import { Resource } from "./resource.ts";

const SESSION_TTL = 500;

/** Duration of a stop after which the session has ended on all members, in milliseconds. */
const LONG = 1.5 * SESSION_TTL;

describe("the checks of a run with real processes", () => {
  let folder: string;
  let book: Book;
  let progress: Progress;
  let resource: Resource;
  let cluster: Cluster;
  let operations: Operations;
  let m1: Station;
  let m2: Station;

  /** Three members, the first of which is broken in these ways. */
  async function start(broken: readonly Breakage[], fenced = true): Promise<void> {
    resource = Resource.start(fenced);
    cluster = new Cluster({
      members: { m1: "bun", m2: "bun", m3: "bun" },
      clients: {},
      over: "webSocket",
      sessionTtl: SESSION_TTL,
      broken: (id) => id === "m1" ? broken : [],
      resource: resource.url,
      folder,
      onEvent: (event, clock) => book.event(event, clock),
    });
    await Promise.all(cluster.stations.map((station) => cluster.start(station)));
    assertEquals(await cluster.isWhole(cluster.stations, 30_000), null);
    [m1, m2] = cluster.stations;
  }

  beforeEach(async () => {
    folder = await Deno.makeTempDir({ prefix: "synod-chaos-" });
    book = new Book();
    progress = new Progress();
    operations = new Operations(book, progress, (violation) => {
      throw new Error(violation);
    });
  });

  afterEach(async () => {
    progress.close();
    await cluster.close();
    await resource.close();
    await Deno.remove(folder, { recursive: true });
  });

  /** Checks that every expected violation, and no other, is reported. */
  function violations(...expected: RegExp[]): void {
    const found = book.check(resource.visits);
    for (const pattern of expected) {
      assert(found.some((violation) => pattern.test(violation)), `${pattern} in ${found}`);
    }
    const unexpected = found.filter((text) => !expected.some((pattern) => pattern.test(text)));
    assertEquals(unexpected, []);
  }

  /** The first member takes a lock, and is stopped until the second one owns it. */
  async function overtake(careful: boolean): Promise<void> {
    const slow = operations.add(m1, "k", { work: 100, careful });
    while (resource.visits.length === 0) await turn(5);
    m1.remote!.stop();
    await turn(LONG);
    const overtaking = operations.add(m2, "k", { work: 300 });
    while (resource.visits.length === 1) await turn(5);
    m1.remote!.go();
    await slow;
    assertEquals(await overtaking, "ok");
  }

  it("find no violation when a member is stopped while it has a lock", async () => {
    await start([]);
    await overtake(false);
    assertEquals(resource.refused, 1);
    violations();
  });

  it("report a failed invariant, and the member is gone as after a crash", async () => {
    await start(["invariant"]);
    assertEquals(await operations.put(m2, "put", "1/key", { to: "nothing" }), "ok");
    // The other two are a quorum without it. What it has reported before an answer has arrived before it.
    const ask = () => m1.remote!.tell({ do: "get", key: "1/key" });
    while ((await ask()).error?.code !== "invariant_failed");
    violations(/^an invariant failed in m1: no member accepts anything$/);
  });

  it("report a lock that claims to be held after its session, and its unfenced writes", async () => {
    await start(["held"], false);
    await overtake(true);
    violations(
      /^two own lock k at .*: .* with lock k @\d+ and .* with lock k @\d+$/,
      /^k: token \d+ was let in after \d+$/,
      /^k: token \d+ wrote 1 over 1: an addition is lost$/,
    );
  });

  it("report an instance that claims to be alive after its session", async () => {
    await start(["instance"]);
    // The host of an instance depends on its name.
    const counters = Array.from({ length: 6 }, (_, i) => `counter ${i}`);
    for (const counter of counters) assertEquals(await operations.call(m2, counter), "ok");
    m1.remote!.stop();
    await turn(LONG);
    for (const counter of counters) {
      while (await operations.call(m2, counter) !== "ok");
    }
    m1.remote!.go();
    await turn(200);
    await operations.add(m1, "k"); // all earlier events arrive before the answer
    violations(/^two own instance counter \d at /);
  });

  it("report locks, puts and reads without a cluster, and calls that are sent twice", async () => {
    await start(["local", "put", "stale", "twice"]);
    await Promise.all([
      operations.add(m1, "k", { work: 100 }),
      operations.add(m1, "k", { work: 100 }),
      operations.add(m1, "k", { work: 100 }),
    ]);
    assertEquals(await operations.read(m1, "get", "1/stale"), "not_found");
    assertEquals(await operations.put(m2, "put", "1/stale", { to: "nothing" }), "ok");
    assertEquals(await operations.read(m1, "get", "1/stale"), "not_found");
    for (let i = 0; i < 5; i++) {
      await operations.put(m1, "put", `1/put ${i}`, { to: "nothing" });
      await operations.read(m2, "get", `1/put ${i}`);
    }
    assertEquals(await operations.call(m1, "counter"), "ok");
    violations(
      /^two own lock k at /,
      /^1\/stale: 3 operations are not linearizable/,
      /^1\/put \d+: 2 operations are not linearizable/,
      /^m1\.1 calls m1\.\d+ \(call 1\) is executed twice: by @\d+ at .*, and by @\d+$/,
    );
  });

  it("see whether a change of the members has happened", async () => {
    await start(["unchanged"]);
    const order = { do: "change", list: ["m1", "m2"], timeout: 30_000 } as const;
    assertEquals((await m1.remote!.tell(order)).error, undefined);
    cluster.list = order.list;
    assertMatch(
      await cluster.isWhole(cluster.stations, 0) ?? "",
      /^m1 knows the members m1 m2 m3, m2 knows the members m1 m2 m3, m3 knows/,
    );
    assertEquals((await m2.remote!.tell(order)).error, undefined);
    assertEquals(await cluster.isWhole(cluster.stations, 30_000), null);
  });
});
