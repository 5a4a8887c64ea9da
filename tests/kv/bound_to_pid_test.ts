import { assertEquals } from "@std/assert";
import type { Pid } from "../../mod.ts";
import { describe, it } from "@std/testing/bdd";
import { itOfMembers, nameOf } from "../support/node_kind.ts";
import { startCluster } from "../support/real_cluster.ts";
import { assertInvalid, valueOf } from "../support/expect.ts";
import { eventually } from "../support/wait.ts";

const NOT_FOUND = { ok: false, error: "not_found" } as const;

/** The reason for which no value can be bound to the process. */
const ended = ({ session, seq }: Pid) => `pid ${session}#${seq} has ended`;

/** The same from another node, for a put of one byte: the process's node does not say which cause applies. */
const endedElsewhere = (pid: Pid) => `${ended(pid)}, or its node takes no value of 1 bytes`;

describe("a value bound to a process", () => {
  it("reports the process and the node that it is bound to", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    await using process = first.spawn();
    await first.kv.put("k", 1, { pid: process.pid });
    assertEquals(await second.kv.pid("k"), { ok: true, value: process.pid });
    assertEquals(await second.kv.node("k"), { ok: true, value: nameOf("n1") });
  });

  it("takes the Process itself as well as its pid", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    await using process = first.spawn();
    await first.kv.put("k", 1, { pid: process });
    assertEquals(await second.kv.pid("k"), { ok: true, value: process.pid });
  });

  it("is gone on every node once exit has returned, and another put succeeds", async () => {
    await using cluster = await startCluster(3);
    const [first, second, third] = cluster.nodes;
    const process = first.spawn();
    await first.kv.put("k", "old", { pid: process });
    await process.exit();
    assertEquals(await third.kv.get("k"), NOT_FOUND);
    assertEquals(valueOf(await second.kv.claim("k", "new")).mine, true);
    assertEquals(await first.kv.get("k"), { ok: true, value: "new" });
  });

  it("is gone when the function of the process returns", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    const process = first.spawn(async (self) => {
      await self.kv.put("k", 1, { pid: self });
      return valueOf(await self.kv.get("k"));
    });
    assertEquals(await process.result, 1);
    await eventually(async () => !(await second.kv.get("k")).ok, "the release of the key");
  });

  it("is gone when the function of the process throws", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    const process = first.spawn(async (self) => {
      await self.kv.put("k", 1, { pid: self });
      throw new Error("it failed");
    });
    await process.result.catch(() => {});
    await eventually(async () => !(await second.kv.get("k")).ok, "the release of the key");
  });

  it("is gone with all the other keys of that process, and no other keys are", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    const process = first.spawn();
    await using other = first.spawn();
    const keys = Array.from({ length: 100 }, (_, index) => index);
    await Promise.all(
      keys.map((key) => first.kv.put(key, key, { pid: key % 2 === 0 ? process : other })),
    );
    await process.exit();
    assertEquals(await second.kv.keys(), keys.filter((key) => key % 2 === 1));
  });

  it("cannot be put after the process has ended, from its own node or another", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    const process = first.spawn();
    const exit = process.exit();
    assertInvalid(await first.kv.put("k", 1, { pid: process }), ended(process.pid));
    assertInvalid(await second.kv.put("k", 1, { pid: process }), endedElsewhere(process.pid));
    await exit;
    assertInvalid(await first.kv.put("k", 1, { pid: process.pid }), ended(process.pid));
    assertEquals(await second.kv.get("k"), NOT_FOUND);
  });

  it("never outlives a process that exits while the put is under way", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    for (let round = 0; round < 30; round++) {
      const process = first.spawn();
      const put = first.kv.put(round, 1, { pid: process });
      // Each exit is one step later than the one before, so it meets the put at every stage.
      for (let step = 0; step < round; step++) await Promise.resolve();
      await process.exit();
      await put;
      assertEquals(await second.kv.get(round), NOT_FOUND);
    }
  });

  it("does not bind a value that another writer has set before", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    await second.kv.put("k", "unbound");
    const process = first.spawn();
    assertEquals(valueOf(await first.kv.claim("k", "bound", { pid: process })).mine, false);
    assertEquals(await first.kv.pid("k"), NOT_FOUND);
    await process.exit();
    assertEquals(await first.kv.get("k"), { ok: true, value: "unbound" });
  });

  it("is gone when the node of the process closes", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    await first.kv.put("k", 1, { pid: first.spawn() });
    await first.close();
    assertEquals(await second.kv.get("k"), NOT_FOUND);
    assertEquals(valueOf(await second.kv.claim("k", 2)).mine, true);
  });

  const slow = "a guest whose gateway is cut off turns to another one later than this session ends";
  itOfMembers(
    "is gone when the node of the process vanishes, after its session and not before",
    slow,
    async () => {
      await using cluster = await startCluster(3, { each: { n3: { sessionTtl: 400 } } });
      const [first, second, third] = cluster.nodes;
      await using process = third.spawn();
      await third.kv.put("k", "third", { pid: process });
      cluster.isolate("n3");
      assertEquals(await first.kv.get("k"), { ok: true, value: "third" });
      await eventually(async () => !(await second.kv.get("k")).ok, "the end of the session");
      assertEquals(await first.kv.put("k", "first"), { ok: true, value: "first" });
      // The deadline of the owner is earlier, so it has known for a while.
      assertEquals(process.signal.aborted, true);
      assertEquals(third.hasQuorum, false);
    },
  );

  it("is invalid for a pid that never existed", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    await using process = first.spawn();
    const unknown = { ...process.pid, seq: 999 };
    assertInvalid(await first.kv.put("k", 1, { pid: unknown }), ended(unknown));
    assertInvalid(await second.kv.put("k", 1, { pid: unknown }), endedElsewhere(unknown));
  });

  it("is invalid for a pid of an earlier session", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    await using process = first.spawn();
    const [node, life, sequence] = process.pid.session.split("/");
    const later = { ...process.pid, session: `${node}/${life}/${Number(sequence) + 1}` };
    assertInvalid(await first.kv.put("k", 1, { pid: later }), ended(later));
    assertInvalid(await second.kv.put("k", 1, { pid: later }), ended(later));
  });
});
