import { checksumOf, DISK_KEYS, endedKey, registerKey, toDisk } from "../../codec/disk_entry.ts";
import type { Life } from "../../paxos/ballot.ts";
import { assertInvariant } from "../../paxos/invariant.ts";
import type { Configuration } from "../../paxos/configuration.ts";
import type { Incarnations } from "../../paxos/incarnations.ts";
import type { GenesisRecord } from "../../paxos/messages.ts";
import type { RegisterId } from "../../paxos/register.ts";
import type { Voter } from "../../paxos/voter.ts";
import type { Storage, StorageEntry } from "../../storage/storage.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { type Checksums, sumOf } from "./load.ts";

/** What a disk works with. */
export interface DiskOptions {
  /** The id of the member. */
  readonly self: string;
  readonly storage: Storage;
  readonly runtime: Runtime;
  /** The checksums of what is on it. */
  readonly checksums: Checksums;
  /** A write has failed: this member must not vote any more. */
  readonly failed: (error: unknown) => void;
  /** Calls what waits for a write; an error of it must not keep the others from being called. */
  readonly guard: (handle: () => void) => void;
}

/** What is written while a member has a memory. */
interface Sources {
  readonly record: GenesisRecord;
  /** The incarnation of the memory. */
  readonly incarnation: Life;
  /** `null`: it is on the disk, and not decided about. */
  readonly voter: Voter | null;
  readonly incarnations: () => Incarnations;
  readonly configuration: () => Configuration;
}

/**
 * Keeps the disk of a member as its memory is: one transaction for all that one turn of the event loop has decided, and the
 * next one when that is durable. What must not be heard before then waits with `whenDurable`.
 */
export class Disk {
  readonly #options: DiskOptions;
  readonly #checksums: Checksums;
  #sum: ReturnType<typeof sumOf>;
  #sources: Sources | null = null;
  /** What has changed since the last write began. */
  readonly #registers = new Set<RegisterId>();
  readonly #ended = new Set<string>();
  /** Entries to be written as they are; `null`: to be deleted. */
  #staged = new Map<string, Uint8Array | null>();
  /** What was written last of that which is compared. */
  #known: readonly Life[] | null = null;
  #configuration: Configuration | null = null;
  #floor = -1;
  #waited = false;
  /** Called when all that was decided before is durable. */
  #waiting: (() => void)[] = [];
  /** Called when the write that is under way has ended. */
  #written: (() => void)[] = [];
  #isWriting = false;
  #isScheduled = false;
  #isClosed = false;
  /** Ends when the write that is under way has ended. */
  #busy: Promise<void> = Promise.resolve();

  /** Writes nothing yet. */
  constructor(options: DiskOptions) {
    this.#options = options;
    this.#checksums = options.checksums;
    this.#sum = sumOf(this.#checksums);
  }

  /** Whether all that was decided is durable. */
  get isDurable(): boolean {
    return !this.#isWriting && !this.#hasChanged();
  }

  /** Calls `callback` once all that was decided until now is durable: at once, if it is. */
  whenDurable(callback: () => void): void {
    if (this.isDurable && this.#waiting.length === 0) return callback();
    this.#waiting.push(callback);
    this.#schedule();
  }

  /** As {@linkcode whenDurable}; never resolves if a write fails, or what is on the disk is put aside before. */
  durable(): Promise<void> {
    return new Promise((resolve) => this.whenDurable(resolve));
  }

  /** Notes the life of a member without a memory, and whose second-round question it has answered. */
  writeBlank(life: Life, answered: Life): void {
    this.#stage(DISK_KEYS.owner, toDisk.owner(this.#options.self));
    this.#stage(DISK_KEYS.blank, toDisk.blank(life, answered));
  }

  /** What is on the disk is not decided about; only what the member hears of others, and of their configuration, changes. */
  begin(sources: Sources & { readonly voter: null }, waited: boolean): void {
    this.#sources = sources;
    this.#waited = waited;
    this.#known = sources.incarnations().entries;
    this.#configuration = sources.configuration();
  }

  /** This life counts as the incarnation of what is on the disk; resolves when that is durable. */
  writeLife(incarnation: Life): Promise<void> {
    assertInvariant(this.#sources !== null, "only a memory has an incarnation");
    this.#sources = { ...this.#sources, incarnation };
    this.#stageMember();
    return this.durable();
  }

  /** What is on the disk is the memory of this voter from now on. */
  follow(sources: Sources & { readonly voter: Voter }, waited: boolean): void {
    this.#sources = sources;
    this.#waited = waited;
    this.#known = null;
    this.#configuration = null;
    this.#floor = -1;
    this.#stageMember();
    const { voter } = sources;
    voter.acceptor.onChange((register) => {
      this.#registers.add(register);
      this.#schedule();
    });
    voter.sessions.onChange((name) => {
      this.#ended.add(name);
      this.#schedule();
    });
  }

  /** Replaces all that is on the disk by this memory, in one transaction. */
  replace(sources: Sources & { readonly voter: Voter }, waited: boolean): Promise<void> {
    this.#staged = new Map();
    for (const key of this.#checksums.keys()) this.#staged.set(key, null);
    this.follow(sources, waited);
    const { acceptor, sessions } = sources.voter;
    for (let after = "", more = true; more;) {
      const piece = acceptor.inventory(after);
      for (const register of piece.registers) this.#registers.add(register);
      after = piece.registers.at(-1) ?? after;
      more = piece.more;
    }
    for (const name of [...sessions.fenced(), ...sessions.ended(), ...sessions.endedLives()]) {
      this.#ended.add(name);
    }
    this.#stage(DISK_KEYS.owner, toDisk.owner(this.#options.self));
    return this.durable();
  }

  /** Puts everything on it aside. What waits to be durable is not called: it relies on what is put aside. */
  async clear(): Promise<void> {
    this.#sources = null;
    this.#registers.clear();
    this.#ended.clear();
    this.#staged.clear();
    this.#waiting = [];
    this.#written = [];
    // Another write may have begun when this one has ended.
    while (this.#isWriting && !this.#isClosed) await this.#busy;
    // Nothing may go on as if it was put aside, if it was not.
    const never = new Promise<void>(() => {});
    if (this.#isClosed) return await never;
    this.#isWriting = true;
    const cleared = this.#options.storage.clear();
    // Calls do not overlap: the next write, and the end, wait for this.
    this.#busy = cleared.catch(() => {});
    try {
      await cleared;
    } catch (error) {
      this.#fail(error);
      return await never;
    }
    this.#isWriting = false;
    this.#checksums.clear();
    this.#sum = sumOf(this.#checksums);
    this.#goOn();
  }

  /** Ends its use, after the write that is under way. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#waiting = [];
    await this.#busy;
    await this.#options.storage.close().catch(() => {});
  }

  #stage(key: string, value: Uint8Array | null): void {
    this.#staged.set(key, value);
    this.#schedule();
  }

  #stageMember(): void {
    const { record, incarnation } = this.#sources!;
    this.#stage(
      DISK_KEYS.member,
      toDisk.member({ record, incarnation, waited: this.#waited }),
    );
    if (this.#checksums.has(DISK_KEYS.blank)) this.#staged.set(DISK_KEYS.blank, null);
  }

  #hasChanged(): boolean {
    if (this.#staged.size > 0 || this.#registers.size > 0 || this.#ended.size > 0) return true;
    const sources = this.#sources;
    if (sources === null) return false;
    return sources.incarnations().entries !== this.#known ||
      sources.configuration() !== this.#configuration ||
      (sources.voter !== null && sources.voter.acceptor.floor !== this.#floor);
  }

  /** Writes what has changed, or is waited for, while the storage was busy. */
  #goOn(): void {
    if (this.#waiting.length > 0 || this.#hasChanged()) this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled || this.#isWriting || this.#isClosed) return;
    this.#isScheduled = true;
    this.#options.runtime.defer(() => {
      this.#isScheduled = false;
      if (!this.#isWriting) this.#flush();
    });
  }

  /** Writes all that has changed, and then calls those that wait for it. */
  #flush(): void {
    if (this.#isClosed) return;
    this.#written = this.#waiting;
    this.#waiting = [];
    const entries = this.#take();
    if (entries.length === 0) return this.#tell();
    this.#isWriting = true;
    this.#busy = this.#write(entries).then(
      () => {
        this.#isWriting = false;
        if (this.#isClosed) return;
        this.#tell();
        this.#goOn();
      },
      (error) => this.#fail(error),
    );
  }

  /** Calls those that waited for the write that has ended. */
  #tell(): void {
    const written = this.#written;
    this.#written = [];
    for (const callback of written) this.#options.guard(callback);
  }

  async #write(entries: readonly StorageEntry[]): Promise<void> {
    await this.#options.storage.write(entries);
  }

  #fail(error: unknown): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#waiting = [];
    this.#options.failed(error);
    this.#options.storage.close().catch(() => {});
  }

  /** The entries to write. */
  #take(): StorageEntry[] {
    const entries: StorageEntry[] = [];
    const add = (key: string, value: Uint8Array | null) => {
      this.#count(key, value);
      entries.push([key, value]);
    };
    const sources = this.#sources;
    const voter = sources?.voter ?? null;
    if (voter !== null) {
      for (const register of this.#registers) {
        const stored = voter.acceptor.stored(register);
        const key = registerKey(register);
        this.#staged.delete(key);
        add(key, stored === undefined ? null : toDisk.register(stored));
      }
      for (const name of this.#ended) {
        const kind = voter.sessions.stored(name);
        const key = endedKey(name);
        this.#staged.delete(key);
        add(key, kind === null ? null : toDisk.ended(name, kind));
      }
      this.#noteWait(voter);
    }
    this.#registers.clear();
    this.#ended.clear();
    if (sources !== null) {
      const incarnations = sources.incarnations();
      if (incarnations.entries !== this.#known) {
        this.#known = incarnations.entries;
        this.#staged.set(DISK_KEYS.known, toDisk.known(incarnations.all));
      }
      const configuration = sources.configuration();
      if (configuration !== this.#configuration) {
        this.#configuration = configuration;
        this.#staged.set(DISK_KEYS.configuration, toDisk.configuration(configuration));
      }
      if (voter !== null && voter.acceptor.floor !== this.#floor) {
        this.#floor = voter.acceptor.floor;
        this.#staged.set(DISK_KEYS.floor, toDisk.floor(this.#floor));
      }
    }
    for (const [key, value] of this.#staged) add(key, value);
    this.#staged.clear();
    if (entries.length > 0) entries.push([DISK_KEYS.sum, toDisk.sum(this.#sum)]);
    return entries;
  }

  /** Notes that the wait for grants is over, so that a start from this disk does not wait again. */
  #noteWait(voter: Voter): void {
    if (this.#waited || voter.sessions.wait(this.#options.runtime.now()) > 0) return;
    this.#waited = true;
    this.#stageMember();
  }

  #count(key: string, value: Uint8Array | null): void {
    const before = this.#checksums.get(key);
    if (before !== undefined) this.#add(before, -1);
    if (value === null) {
      this.#checksums.delete(key);
      return;
    }
    const checksum = checksumOf(value);
    this.#checksums.set(key, checksum);
    this.#add(checksum, 1);
  }

  #add(checksum: number, sign: 1 | -1): void {
    const { count, sum, squares } = this.#sum;
    this.#sum = {
      count: count + sign,
      sum: (sum + sign * checksum) >>> 0,
      squares: (squares + sign * Math.imul(checksum, checksum)) >>> 0,
    };
  }
}
