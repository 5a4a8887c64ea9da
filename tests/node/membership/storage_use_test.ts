// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { DiskActions } from "../../../lib/node/membership/disk_steps.ts";
import { DISK_USE } from "../../../lib/node/membership/disk_use.ts";
import { StorageUse } from "../../../lib/node/membership/storage_use.ts";
import { memoryStorage } from "../../../lib/storage/memory.ts";
import { votingMember } from "../../support/voting_member.ts";

/** A storage that counts, and can be held up. */
function counted() {
  const memory = memoryStorage();
  const calls: string[] = [];
  const { promise: mayLoad, resolve: release } = Promise.withResolvers<void>();
  const storage = {
    load: async () => {
      calls.push("load");
      await mayLoad;
      return await memory.load();
    },
    write: memory.write.bind(memory),
    clear: memory.clear.bind(memory),
    close: () => (calls.push("close"), memory.close()),
  };
  return { storage, calls, release };
}

/** No other process has the storage. */
const never = () => {
  throw new Error("it is not in use");
};

async function used() {
  const node = await votingMember();
  return { node, use: new StorageUse(node.engine, {} as DiskActions), ...counted() };
}

describe("StorageUse (section 7, Storage)", () => {
  it("opens the storage of a member", async () => {
    const { use, storage, calls, release } = await used();
    assertEquals([use.disk, use.state], [null, "none"]);
    release();
    await use.load(storage, DISK_USE, true, never);
    assertEquals([use.disk?.state, use.state, use.isUndecided], ["ok", "ok", false]);
    await use.close();
    assertEquals(calls, ["load", "close"]);
  });

  it("does not touch the storage of a client before that becomes a member, and then waits for it", async () => {
    const { node, use, storage, calls, release } = await used();
    await use.load(storage, DISK_USE, false, never);
    assertEquals([calls, use.isUnused, use.isStoring], [[], true, false]);
    const opened = Promise.withResolvers<void>();
    use.openLate(opened.resolve);
    assertEquals([calls, use.isUnused, use.isStoring], [["load"], false, true]);
    release();
    await opened.promise;
    assert(use.disk !== null);
    assertEquals(use.isStoring, false);
    await node.settle();
    await use.close();
  });

  it("says that another process has the storage until that has let it go", async () => {
    const { use, storage, release } = await used();
    const { load } = storage;
    const { promise: isTold, resolve: tell } = Promise.withResolvers<void>();
    const taken = { ...storage, load: (inUse?: () => void) => (inUse?.(), load()) };
    const loaded = use.load(taken, DISK_USE, true, tell);
    await isTold;
    assertEquals([use.isInUse, use.disk], [true, null]);
    release();
    await loaded;
    assertEquals([use.isInUse, use.disk !== null], [false, true]);
    await use.close();
  });

  it("lets a storage go that is open only after the node has stopped", async () => {
    const { use, storage, calls, release } = await used();
    const loaded = use.load(storage, DISK_USE, true, never);
    use.stop();
    release();
    await loaded;
    assertEquals([use.disk, calls], [null, ["load", "close"]]);
  });

  it("closes the storage of a client, which was never opened", async () => {
    const { use, storage, calls } = await used();
    await use.load(storage, DISK_USE, false, never);
    use.stop();
    await use.close();
    assertEquals(calls, ["close"]);
  });

  it("closes a storage that is still being opened", async () => {
    const { use, storage, calls, release } = await used();
    const loaded = use.load(storage, DISK_USE, true, never);
    await use.close();
    assertEquals(calls, ["load", "close"]);
    use.stop();
    release();
    await loaded.catch(() => {});
  });
});
