/** What one process of a system under measurement can do. Methods that a system lacks are missing. */
export interface Subject {
  /** Sets a key that is not set yet, for good; throws if it was set. */
  put?(key: string, value: string): Promise<void>;
  /** Sets a key that can still change, for {@linkcode get}. */
  preset?(key: string, value: string): Promise<void>;
  /** The present value: linearizable, so it cannot come from this process alone. */
  get?(key: string): Promise<string>;
  /** Acquires a lock; resolves to what releases it. */
  lock?(key: string): Promise<() => Promise<void>>;
  /** How many operations have given up since it was asked last, and were begun again; absent: they never do. */
  gaveUp?(): number;
  /** Leaves; after it the process ends by itself. */
  close(): Promise<void>;
}

/** What all processes of one system are told when the servers listen. */
export interface Setup {
  /** The index of this process. */
  readonly index: number;
  /** The addresses of all members, or of all servers. */
  readonly addresses: readonly string[];
  /** Where it keeps a file of its own; it keeps none unless given. */
  readonly folder?: string;
}

/** A command for a process; it executes one at a time. */
export type Command =
  | { readonly do: "open"; readonly setup: Setup }
  | {
    readonly do: "measure";
    readonly row: Measured;
    readonly count: number;
    readonly concurrency: number;
    /** Characters of each value, 64 unless given. */
    readonly valueSize?: number;
  }
  | {
    readonly do: "contend";
    readonly key: string;
    readonly contenders: number;
    readonly times: number;
  }
  | { readonly do: "close" };

/** What one of the contenders' processes has measured. */
export interface Contended {
  /** The time of each grant, on the clock of the machine. */
  readonly granted: readonly number[];
  readonly gaveUp: number;
}

/** The rows that one process measures alone. */
export type Measured = "put" | "get" | "lock";
