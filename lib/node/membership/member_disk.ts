import { SynodError } from "../../errors.ts";
import { type Life, lifeAfter } from "../../paxos/ballot.ts";
import { votersOf } from "../../paxos/configuration.ts";
import { type DiskMemory, DiskStart } from "../../paxos/disk_start.ts";
import type { GenesisRecord } from "../../paxos/messages.ts";
import { Voter } from "../../paxos/voter.ts";
import type { Storage } from "../../storage/storage.ts";
import { Disk } from "../disk/disk.ts";
import { loadDisk, type Remembered } from "../disk/load.ts";
import type { Engine } from "../engine/engine.ts";

/** The state of a member's storage. */
export type StorageState = "none" | "ok" | "damaged" | "stale";

/**
 * A life from a disk has asked questions and made changes before, whose numbers must not come again: an answer would be
 * taken for another, and a value for this node's own. It goes on above a random number below this.
 */
const SKIPPED = 2 ** 48;

/** The disk of a member, and what the member does with it (section 7, Storage). */
export class MemberDisk {
  readonly #engine: Engine;
  readonly #disk: Disk;
  #memory: Remembered | null = null;
  #start: DiskStart | null = null;
  /** The life on the disk of a member without a memory, and whose question of the second round it has answered. */
  #blank: { readonly life: Life; readonly answered: Life } | null = null;
  #state: StorageState = "ok";
  /** What is on the disk of a node that leaves. */
  #leaving: DiskMemory | null = null;

  private constructor(engine: Engine, disk: Disk) {
    this.#engine = engine;
    this.#disk = disk;
  }

  /**
   * Loads what is in `storage`, before anything else; the node takes the life that follows from it. `isLate`: it has one
   * already, and copies from others; what is in `storage` stays there until it is replaced. `inUse` is called when another
   * process has it: this goes on once that has let it go.
   */
  static async open(
    engine: Engine,
    storage: Storage,
    inUse: () => void,
    isLate = false,
  ): Promise<MemberDisk> {
    const { self, runtime, pendingReplies } = engine;
    const skip = () => pendingReplies.skip(Math.floor(runtime.random() * SKIPPED));
    const wait = () => {
      // What begins now may go on in a life from the disk.
      if (!isLate) skip();
      inUse();
    };
    const { found, checksums } = await loadDisk(storage, self, wait).catch((error) =>
      refuse(self, storage, error)
    );
    const failed = (error: unknown) => void engine.halt(failure(self, error));
    const guard = (handle: () => void) => engine.guard(handle);
    const disk = new Disk({ self, storage, runtime, checksums, failed, guard });
    const own = new MemberDisk(engine, disk);
    engine.storeOn(disk);
    if (isLate) return own;
    switch (found.type) {
      case "damaged":
        own.#state = "damaged";
        break;
      case "blank":
        own.#blank = found;
        engine.changeLife(found.life);
        skip();
        break;
      case "outside":
        own.#liveAbove(found.incarnation);
        break;
      case "leaving":
        own.#leaving = found.memory;
        own.#liveAbove(found.memory.incarnation);
        break;
      case "memory":
        own.#remember(found.memory);
    }
    return own;
  }

  /** The state of the storage, for people. */
  get state(): StorageState {
    return this.#state;
  }

  /** Whether there is a memory on the disk that the member neither uses nor has put aside yet. */
  get isUndecided(): boolean {
    return this.#start !== null && !this.#start.hasStarted;
  }

  /** How the member starts with its disk, or announces that it has; `null`: nothing of that. */
  get start(): DiskStart | null {
    return this.#start;
  }

  /** What is on the disk, while that is not decided about. */
  get memory(): Remembered | null {
    const memory = this.#memory;
    if (memory === null || this.#start === null) return memory;
    // Before any answer under a newer one, that is on the disk.
    return { ...memory, configuration: this.#start.configuration };
  }

  /**
   * What is on the disk of a node that leaves, which is no memory any more: it is kept until the change is settled, since
   * members may know no other node that has heard of it. `null`: it does not leave, or nothing is kept.
   */
  get leaving(): DiskMemory | null {
    return this.#leaving;
  }

  /** Whether what is on the disk of a node that is no member is of no use. */
  get isOver(): boolean {
    const { configuration } = this.#engine;
    const kept = this.#leaving?.configuration;
    return kept === undefined || configuration.settled || kept.epoch < configuration.epoch;
  }

  /** Why this is not a disk for the list of members that the node was given. */
  get mismatch(): SynodError {
    const { self, settings } = this.#engine;
    const own = votersOf(this.memory!.configuration).join(", ");
    const message =
      `Node ${self} lists the members ${settings.members.join(", ")}, but its storage ` +
      `is that of a cluster of ${own}`;
    return new SynodError("members_mismatch", message);
  }

  /** Whose question of the second round the life on the disk of a blank member has answered; `undefined`: no such life. */
  get answered(): Life | undefined {
    return this.#blank?.life === this.#engine.life ? this.#blank.answered : undefined;
  }

  /** All members know that it has started from its disk. */
  endStart(): void {
    this.#start = null;
  }

  /** Its life counts as the incarnation of what is on the disk; resolves when that is durable. */
  writeLife(life: Life): Promise<void> {
    return this.#disk.writeLife(life);
  }

  /** A blank member answers a question of the second round: it has to go on in its present life after a restart. */
  answers(answered: Life): void {
    const { life } = this.#engine;
    if (this.#blank?.life === life && this.#blank.answered === answered) return;
    this.#blank = { life, answered };
    this.#disk.writeBlank(life, answered);
  }

  /** The disk is the memory of the member from now on. */
  take(): Voter {
    const { engine, memory } = this.#taken();
    const { runtime, settings } = engine;
    const clockError = () => runtime.clockError();
    const { record } = memory;
    const voter = Voter.stored(record, memory, settings, runtime.now(), clockError);
    this.#disk.follow(this.#sources(record, voter), memory.waited);
    this.#memory = null;
    return voter;
  }

  /** Replaces what is on the disk by the memory of this voter, in one transaction; resolves when that is durable. */
  async replace(record: GenesisRecord, voter: Voter): Promise<void> {
    const wait = voter.sessions.wait(this.#engine.runtime.now());
    await this.#disk.replace(this.#sources(record, voter), wait <= 0);
    this.#start = null;
    this.#memory = this.#leaving = null;
    this.#blank = null;
    this.#state = "ok";
  }

  /** It was told that it leaves: what is on the disk is no memory any more. */
  leave(): void {
    const { memory } = this;
    const known = this.#start!.incarnations.all;
    this.#start = this.#memory = null;
    this.#leaving = { ...memory!, known };
  }

  /** Puts what is on the disk aside: it is no memory. */
  async putAside(state: StorageState): Promise<void> {
    this.#start = null;
    this.#memory = this.#leaving = null;
    this.#blank = null;
    this.#state = state;
    this.#engine.believe(null);
    await this.#disk.clear();
  }

  /** Ends the use of the storage. */
  close(): Promise<void> {
    return this.#disk.close();
  }

  #remember(memory: Remembered): void {
    const engine = this.#engine;
    const { self, members, pendingReplies } = engine;
    this.#liveAbove(memory.incarnation);
    const nextId = () => pendingReplies.next();
    const start = new DiskStart({ self, members, life: engine.life, memory, nextId });
    this.#memory = memory;
    this.#start = start;
    engine.believe(memory.configuration);
    const { record, incarnation, waited } = memory;
    const sources = {
      ...{ record, incarnation, voter: null },
      ...{ incarnations: () => start.incarnations, configuration: () => start.configuration },
    };
    this.#disk.begin(sources, waited);
  }

  /** The clock may have gone back; each start is in a life above that of the disk. */
  #liveAbove(incarnation: Life): void {
    const engine = this.#engine;
    if (engine.life > incarnation) return;
    engine.changeLife(lifeAfter(incarnation, () => engine.runtime.random()));
  }

  #taken(): { engine: Engine; memory: Remembered } {
    const { memory, incarnation } = {
      memory: this.#memory!,
      incarnation: this.#start!.incarnation,
    };
    return { engine: this.#engine, memory: { ...memory, incarnation } };
  }

  #sources(record: GenesisRecord, voter: Voter) {
    const engine = this.#engine;
    return {
      ...{ record, voter, incarnation: voter.incarnation },
      incarnations: () => engine.incarnations,
      configuration: () => engine.configuration,
    };
  }
}

function failure(self: string, error: unknown): SynodError {
  const why = error instanceof Error ? error.message : String(error);
  const message =
    `Node ${self} has stopped, since its storage failed: ${why}. It votes on nothing that is not stored`;
  return new SynodError("storage_failed", message, { cause: error });
}

/** Lets the storage go, which another process may need, and says why this member cannot use it. */
async function refuse(self: string, storage: Storage, error: unknown): Promise<never> {
  await storage.close().catch(() => {});
  if (error instanceof SynodError) throw error;
  const why = error instanceof Error ? error.message : String(error);
  const message = `Node ${self} cannot use its storage: ${why}`;
  throw new SynodError("storage_failed", message, { cause: error });
}
