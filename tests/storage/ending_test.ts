// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { partsOf } from "../../lib/cluster/cluster_node.ts";
import { sqlite, type SqliteDatabase } from "../../lib/storage/sqlite.ts";
import { Stored } from "./support/stored.ts";

describe("the end of a storage", () => {
  it("waits for what is under way", async () => {
    await using cluster = new Stored({ clients: true, timeout: 2_000 });
    await cluster.start("a", "b", "c");
    await cluster.ready("a", "b", "c");
    const disk = cluster.disk("c");
    const calls: string[] = [];
    let underWay = 0;
    for (const name of ["write", "clear", "close"] as const) {
      const inner = disk[name].bind(disk) as (...args: never[]) => Promise<void>;
      (disk as unknown as Record<string, unknown>)[name] = async (...args: never[]) => {
        if (underWay > 0) calls.push(`${name} overlaps`);
        underWay++;
        if (name === "clear") {
          await new Promise<void>((resolve) => {
            cluster.time.runtime.setTimer(resolve, 200);
          });
        }
        await inner(...args);
        underWay--;
      };
    }
    const c = cluster.nodes.get("c")!;
    const change = cluster.nodes.get("a")!.changeMembers(["a", "b"], { timeout: 20_000 });
    for (let i = 0; i < 3_000 && partsOf(c).engine.place?.standing !== "outside"; i++) {
      await cluster.pass(10);
    }
    assertEquals(partsOf(c).engine.place?.standing, "outside");
    await cluster.time.until(c.close({ timeout: 1_000 }));
    await cluster.time.until(change);
    await cluster.pass(1_000);
    assertEquals(calls, []);
  });

  it("of sqlite() leaves no database open", async () => {
    let opened = 0;
    const database = (): SqliteDatabase => {
      opened++;
      return {
        exec: () => {},
        prepare: () => ({
          run: () => {},
          all: () => {
            if (opened === 1) throw new Error("file is not a database");
            return [];
          },
        }),
        close: () => void opened--,
      };
    };
    let done = () => {};
    const storage = sqlite(database, {
      aside: () => new Promise<void>((resolve) => done = resolve),
    });
    await storage.load().catch(() => {});
    const cleared = storage.clear().catch(() => {});
    await storage.close();
    done();
    await cleared;
    assertEquals(opened, 0);
  });
});
