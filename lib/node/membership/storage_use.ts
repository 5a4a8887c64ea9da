import type { Storage } from "../../storage/storage.ts";
import type { Engine } from "../engine/engine.ts";
import type { DiskActions, DiskSteps } from "./disk_steps.ts";
import type { DiskUse } from "./disk_use.ts";
import type { MemberDisk, StorageState } from "./member_disk.ts";

/** How a node opens its storage, uses it as a member, and closes it. A client does not use the storage it was given. */
export class StorageUse {
  readonly #engine: Engine;
  readonly #actions: DiskActions;
  /** Set by `load`. */
  #use!: DiskUse;
  #disk: MemberDisk | null = null;
  #steps: DiskSteps | null = null;
  /** The storage of a node that is not in the list that it was given, as long as it has no place in its cluster. */
  #unused: Storage | null = null;
  /** The storage that is being opened. */
  #loading: Storage | null = null;
  /** Whether a node that was no member is opening its storage. */
  #isOpening = false;
  /** Whether another process has the storage. */
  #isInUse = false;
  #stopped = false;

  /** Has no storage before `load`. */
  constructor(engine: Engine, actions: DiskActions) {
    this.#engine = engine;
    this.#actions = actions;
  }

  /** The disk of this member; `null`: it has none, or is no member. */
  get disk(): MemberDisk | null {
    return this.#disk;
  }

  /** What follows from what is on that disk. */
  get steps(): DiskSteps | null {
    return this.#steps;
  }

  /** The state of the storage. */
  get state(): StorageState {
    return this.#disk?.state ?? "none";
  }

  /** Whether the node has a storage that it has not opened: it was no member so far. */
  get isUnused(): boolean {
    return this.#unused !== null;
  }

  /** Whether the node waits for its disk, and does nothing before. */
  get isStoring(): boolean {
    return this.#isOpening || this.#steps?.isStoring === true;
  }

  /** Whether another process has the storage, and the node waits until that has let it go. */
  get isInUse(): boolean {
    return this.#isInUse;
  }

  /** Whether there is a memory on the disk that the member neither uses nor has put aside yet. */
  get isUndecided(): boolean {
    return this.#disk?.isUndecided === true;
  }

  /**
   * Reads what is in the storage of a member, before anything else, by `use`. Calls `inUse` when another process has it,
   * and goes on once that has let it go.
   */
  async load(
    storage: Storage,
    use: DiskUse,
    isMember: boolean,
    inUse: () => void,
  ): Promise<void> {
    this.#use = use;
    // Members only: a client votes on nothing, and may become a member later.
    if (!isMember) {
      this.#unused = storage;
      return;
    }
    const disk = await this.#open(storage, inUse);
    // The node has stopped meanwhile.
    if (this.#stopped) return await disk.close();
    this.#take(disk);
  }

  /** Opens the storage of a node that was no member, before it copies anything. */
  openLate(opened: () => void): void {
    const engine = this.#engine;
    const storage = this.#unused!;
    this.#unused = null;
    this.#isOpening = true;
    this.#open(storage, () => {}, true).then((disk) => {
      this.#isOpening = false;
      if (this.#stopped) return void disk.close();
      engine.guard(() => {
        this.#take(disk);
        opened();
      });
    }, (error) => {
      // A node that has stopped closes the storage that it waits for.
      if (!this.#stopped) engine.halt(error);
    });
  }

  /** Whether the node closes. */
  get isStopped(): boolean {
    return this.#stopped;
  }

  /** Goes on no more. */
  stop(): void {
    this.#stopped = true;
    this.#steps?.stop();
  }

  /** Ends the use of the storage. */
  async close(): Promise<void> {
    if (this.#unused !== null) return await this.#unused.close().catch(() => {});
    if (this.#loading !== null) return await this.#loading.close().catch(() => {});
    await this.#disk?.close();
  }

  async #open(storage: Storage, inUse: () => void, isLate = false): Promise<MemberDisk> {
    this.#loading = storage;
    const wait = () => {
      this.#isInUse = true;
      inUse();
    };
    try {
      return await this.#use.open(this.#engine, storage, wait, isLate);
    } finally {
      this.#loading = null;
      this.#isInUse = false;
    }
  }

  #take(disk: MemberDisk): void {
    this.#disk = disk;
    this.#steps = this.#use.steps(this.#engine, disk, this.#actions);
  }
}
