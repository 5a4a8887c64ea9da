/**
 * Durable storage of a member: an option of `join`. With it all members may stop at once, and everything is there when a
 * majority has started again.
 *
 * An adapter has to keep these promises; `@synod/synod/storage/sqlite` shows how.
 *
 * @module
 */

/** One entry: a key, and its value; `null` deletes. */
export type StorageEntry = readonly [key: string, value: Uint8Array | null];

/**
 * Where a member keeps what its votes depend on. One process at a time has it, from `load` to `close`. Calls do not
 * overlap.
 */
export interface MemberStorage {
  /**
   * All entries; called once, before anything else. Throws `StorageDamaged` if what is there cannot be trusted. If
   * another process has the storage, this waits until that has let it go; `inUse` is to be called meanwhile, and the node
   * says then what it waits for.
   */
  load(inUse?: () => void): Promise<Iterable<readonly [key: string, value: Uint8Array]>>;
  /** Writes all of these or none of them; `null` deletes. Resolves when they survive a power loss. */
  write(entries: readonly StorageEntry[]): Promise<void>;
  /** Puts everything aside under another name, and begins empty. */
  clear(): Promise<void>;
  /** Ends the use; nothing is called after it. Also while `load` is under way, which then has to end, too. */
  close(): Promise<void>;
}

/** The same under a shorter name; the global `Storage` of browsers is another thing. */
export type Storage = MemberStorage;

/** What is in a storage cannot be trusted. The member puts it aside, and comes back without it. */
export class StorageDamaged extends Error {
  /** `message` says what is wrong. */
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "StorageDamaged";
  }
}
