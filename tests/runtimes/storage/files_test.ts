import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { RUNTIMES } from "../../../tasks/suites.ts";
import { type Fault, FAULTS, Files } from "./files.ts";
import type { ClusterStatus } from "../../../mod.ts";
import { eventually } from "../../support/wait.ts";
import { FileCluster, type FileMember } from "./file_cluster.ts";
import { Ledger } from "./ledger.ts";

/** Rounds of each test; more with an environment variable, for a longer search. */
const ROUNDS = Number(Deno.env.get("SYNOD_STORAGE_ROUNDS") ?? 3);

describe("members with SQLite files (section 7)", () => {
  for (const runtime of RUNTIMES) {
    it(`find everything after all were killed at once, again and again, in ${runtime}`, async () => {
      await using cluster = await FileCluster.make(runtime);
      const ledger = new Ledger();
      for (let round = 0; round < ROUNDS; round++) {
        await cluster.start();
        await cluster.ready();
        await ledger.check(cluster, round);
        await ledger.load(cluster, round);
        await cluster.kill();
      }
      await cluster.start();
      await ledger.check(cluster, 0);
      assert(ledger.size > 0, "nothing was acknowledged");
    });

    it(`wait while another process has their file, and disturb it in nothing, in ${runtime}`, async () => {
      await using cluster = await FileCluster.make(runtime);
      await cluster.start();
      await cluster.ready();
      const [first] = cluster.members;
      const second = await cluster.startAgain("w1");
      const { waitingFor, members } = (await second.ask("status", "")).result as ClusterStatus;
      assertEquals(waitingFor, ["storage in use"]);
      assertEquals(members.map(({ state }) => state), ["unknown", "unknown", "unknown"]);
      await eventually(async () => {
        const { result } = await first.ask("put", "key", 1);
        return (result as { ok: boolean }).ok;
      }, "the first process works");
      const said = (name: string, { lines }: FileMember) => lines.some((line) => name in line);
      assertEquals([said("closed", first), said("ready", second)], [false, false]);
      await first.kill();
      await second.said("ready");
      await eventually(async () => {
        const { result } = await second.ask("get", "key");
        return (result as { value?: unknown }).value === 1;
      }, "the second process has its place");
    });
  }

  it("lose nothing when the file of one is deleted, cut, spoilt or older than it should be", async () => {
    await using cluster = await FileCluster.make("deno");
    const files = new Files(cluster);
    const ledger = new Ledger();
    const applied = new Set<Fault>();
    for (let round = 0; round < Math.max(ROUNDS, FAULTS.length + 2); round++) {
      // Copies from before each life. Two lives later all others have a later one on their disks.
      await files.keep();
      await cluster.start();
      await ledger.check(cluster, round);
      await ledger.load(cluster, round);
      await cluster.kill();
      const fault = FAULTS[round % FAULTS.length];
      const victim = cluster.ids[Math.floor(3 * Math.random())];
      if (await files.apply(fault, victim)) applied.add(fault);
    }
    await cluster.start();
    await ledger.check(cluster, 0);
    assertEquals([...applied].sort(), [...FAULTS].sort());
  });

  it("lose nothing when the logs of all databases are deleted", async () => {
    await using cluster = await FileCluster.make("deno");
    const files = new Files(cluster);
    const ledger = new Ledger();
    await cluster.start();
    await ledger.load(cluster, 0);
    await cluster.kill();
    for (const id of cluster.ids) await files.deleteLog(id);
    await cluster.start();
    await ledger.check(cluster, 0);
    assert(ledger.size > 0, "nothing was acknowledged");
  });
});
