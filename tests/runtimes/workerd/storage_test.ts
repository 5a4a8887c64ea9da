import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { WorkerService } from "./worker_service.ts";

interface Answer {
  readonly ok: boolean;
  readonly value: unknown;
}

describe("a member in a Durable Object with storage (section 7)", () => {
  it("finds everything after its process was killed, and puts aside what cannot be trusted", async () => {
    await using worker = await WorkerService.bundle("storage");
    // The configuration names the folder by a path that is not relative to it.
    const [config, disk] = [`${worker.folder}/config.capnp`, `${worker.folder}/disk`];
    await Deno.mkdir(disk);
    const text = await Deno.readTextFile(config);
    await Deno.writeTextFile(config, text.replace('path = "disk"', `path = "${disk}"`));
    await worker.start({});
    const put = await worker.ask("POST", "/put/key/first") as Answer;
    assertEquals([put.ok, put.value], [true, "first"]);
    for (let round = 0; round < 2; round++) {
      await worker.start({});
      const { ok, value } = await worker.ask("GET", "/get/key") as Answer;
      assertEquals([ok, value], [true, "first"]);
      const again = await worker.ask("POST", "/put/key/other") as Answer;
      assertEquals(again.value, "first");
    }
    assertEquals(await worker.ask("POST", "/spoil"), true);
    await worker.start({});
    const tables = await worker.ask("GET", "/aside") as string[];
    assert(tables.some((name) => name.startsWith("synod_aside_")), tables.join());
    const { ok } = await worker.ask("GET", "/get/key") as Answer;
    assertEquals(ok, false);
  });
});
