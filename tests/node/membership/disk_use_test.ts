// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals, assertInstanceOf } from "@std/assert";
import { it } from "@std/testing/bdd";
import { type DiskActions, DiskSteps } from "../../../lib/node/membership/disk_steps.ts";
import { DISK_USE } from "../../../lib/node/membership/disk_use.ts";
import { memoryStorage } from "../../../lib/storage/memory.ts";
import { votingMember } from "../../support/voting_member.ts";

it("DISK_USE opens a disk, and makes the steps of the member that has it", async () => {
  const { engine } = await votingMember();
  const disk = await DISK_USE.open(engine, memoryStorage(), () => {});
  assertInstanceOf(DISK_USE.steps(engine, disk, {} as DiskActions), DiskSteps);
  assertEquals(disk.state, "ok");
  await disk.close();
});
