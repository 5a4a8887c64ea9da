import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { registerId } from "../../lib/codec.ts";
import type { DownMessage, GuestOutcome, UpMessage } from "../../lib/codec/guest_messages.ts";
import { encodeValue } from "../../lib/codec/value.ts";
import type { Process } from "../../lib/processes/process.ts";
import { ScriptedGuest, type ScriptedLine } from "./support/scripted_gateway.ts";

const VALUE = encodeValue("v", 1e6);
const WRITTEN: GuestOutcome = { type: "agreed", token: 7, value: null };

/** A guest with a process, to which puts of others are bound. */
class World implements AsyncDisposable {
  readonly line: ScriptedLine;
  readonly process: Process;
  readonly guest: ScriptedGuest;
  #last = 0;

  private constructor(line: ScriptedLine, process: Process, guest: ScriptedGuest) {
    this.line = line;
    this.process = process;
    this.guest = guest;
  }

  static async start(): Promise<World> {
    const guest = new ScriptedGuest();
    const line = await guest.serve();
    return new World(line, guest.node.spawn(), guest);
  }

  /** Hands the put `op` over; returns what the guest says then. */
  async handOver(op: number, since = op): Promise<UpMessage[]> {
    const { session, seq } = this.process.pid;
    const message: DownMessage = {
      type: "handover",
      id: ++this.#last,
      op: `${this.line.life}/${op}`,
      register: registerId("k", undefined, "a"),
      value: VALUE,
      bindings: [{ type: "ownPid", session: Number(session.split("/")[2]), seq }],
      timeout: 1_000,
      since,
    };
    this.line.said();
    this.line.send([message]);
    await this.guest.pass();
    return this.line.said();
  }

  /** Hands the put over, which must not run; returns the outcome that the guest tells at once. */
  async outcome(op: number, since?: number): Promise<GuestOutcome> {
    const [said, ...others] = await this.handOver(op, since);
    assertEquals([said?.type, others], ["handed", []]);
    return (said as UpMessage & { readonly type: "handed" }).outcome;
  }

  /** Hands the put over, and lets it be chosen. */
  async run(op: number): Promise<void> {
    const [run] = await this.handOver(op);
    assertEquals(run.type === "run" && run.operation.type, "put");
    this.line.result(run as UpMessage & { readonly type: "run" }, WRITTEN);
    await this.guest.pass();
    const [handed] = this.line.said();
    assertEquals(handed.type === "handed" && handed.outcome, WRITTEN);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.guest[Symbol.asyncDispose]();
  }
}

describe("a put that is handed over to a guest (sections 4 and 13)", () => {
  it("runs once: who hands it over again gets the same result", async () => {
    await using world = await World.start();
    await world.run(1);
    assertEquals(await world.outcome(1), WRITTEN);
  });

  it("has the same result after its process has exited: others may have seen its value", async () => {
    await using world = await World.start();
    await world.run(1);
    void world.process.exit();
    await world.guest.pass();
    assertEquals(await world.outcome(1), WRITTEN);
    assertEquals((await world.outcome(2)).type, "invalid");
  });

  it("has the same result after its session was lost", async () => {
    await using world = await World.start();
    await world.run(1);
    world.line.send([{ type: "lapsed", session: 1 }]);
    await world.guest.pass();
    assertEquals(await world.outcome(1), WRITTEN);
    assertEquals((await world.outcome(2)).type, "invalid");
  });

  it("has an unknown outcome, and does not run again, once 10,000 others have come", async () => {
    await using world = await World.start();
    await world.run(1);
    void world.process.exit();
    for (let op = 2; op <= 10_001; op++) {
      await world.handOver(op);
    }
    assertEquals((await world.outcome(1)).type, "unknown");
    assertEquals((await world.outcome(10_002)).type, "invalid");
  });
});
