import type { Ballot } from "./ballot.ts";

/** What registers are used for, and the character with which the names of such registers begin. */
export const REGISTER_KINDS = {
  /** A key of the KV. */
  key: "k",
  /** A lock. */
  lock: "l",
  /** A singleton. */
  singleton: "s",
  /** What an instance of a singleton leaves to the next one. */
  state: "t",
  /** A cell. */
  cell: "v",
  /** The configuration of the cluster. */
  configuration: "c",
} as const;

/** One of {@linkcode REGISTER_KINDS}. */
export type RegisterKind = typeof REGISTER_KINDS[keyof typeof REGISTER_KINDS];

/**
 * The name of a register: one character for its kind, then its bucket and key in deterministic CBOR, one character
 * (U+0000 to U+00FF) for each byte.
 */
export type RegisterId = string;

/** What `register` is used for; its name must be well-formed. */
export function kindOf(register: RegisterId): RegisterKind {
  return register[0] as RegisterKind;
}

/** The bucket without a name: null in CBOR. All other buckets are strings. */
export const DEFAULT_BUCKET = "\xf6";

/**
 * The beginning of the name of `register` that tells its kind and bucket; no register of another bucket begins so, and
 * it is itself no name of a register. The result for a malformed name is any beginning of it.
 */
export function bucketOf(register: RegisterId): string {
  if (register[1] === DEFAULT_BUCKET) return register.slice(0, 2);
  // Text, or bytes after the three bytes of the tag for lone surrogates.
  let position = register[1] === "\xd9" ? 4 : 1;
  const argument = register.charCodeAt(position++) & 0x1f;
  if (argument < 24) return register.slice(0, position + argument);
  const first = register.charCodeAt(position++);
  if (argument === 24) return register.slice(0, position + first);
  return register.slice(0, position + 1 + (first << 8) + register.charCodeAt(position));
}

/** The register of the configuration: of kind `c`, in the default bucket, under the key null. */
export const CONFIGURATION: RegisterId = `${REGISTER_KINDS.configuration}${DEFAULT_BUCKET}\xf6`;

/** Whether `register` is that of the configuration, which always has room. */
export function isConfiguration(register: RegisterId): boolean {
  return register === CONFIGURATION;
}

/** The id of one lease of one node, `node/life/sequence`; never reused. See {@linkcode compareSessions}. */
export type SessionId = string;

/** The id of one operation, `life/sequence`; unique, so that a writer recognises its own write. */
export type OperationId = string;

/** One owner inside a session. A type, no interface: only so may it be part of a key. */
export type Pid = {
  /** The id of the node. */
  readonly node: string;
  /** The session. */
  readonly session: SessionId;
  /** Its number among the owners of the node. */
  readonly seq: number;
};

/** What the life of a value is bound to. */
export type Binding =
  | { readonly kind: "pid"; readonly pid: Pid }
  | { readonly kind: "node"; readonly session: SessionId }
  | { readonly kind: "key"; readonly register: RegisterId; readonly token: number }
  | { readonly kind: "until"; readonly time: number };

/** A tombstone: the earlier value is released. */
export interface Absent {
  /** Whether it has a value. */
  readonly present: false;
  /** The ballot counter at which it was written. */
  readonly token: number;
}

/** A present value. */
export interface Present {
  /** Whether it has a value. */
  readonly present: true;
  /** The ballot counter at which it was written: the fencing token. */
  readonly token: number;
  /** The token of the state that this value replaced. */
  readonly over: number;
  /** The operation that wrote it. */
  readonly op: OperationId;
  /** Encoded once by the writer; acceptors never look inside. */
  readonly value: Uint8Array;
  /** What the life of the value is bound to. */
  readonly bindings: readonly Binding[];
  /** The sessions that it depends on; acceptors report which of them they believe expired. */
  readonly owners: readonly SessionId[];
}

/** The state of a register. `null` stands for "never written". */
export type State = Absent | Present;

/** A state, and the ballot at which an acceptor accepted it. */
export interface Accepted {
  /** The ballot. */
  readonly ballot: Ballot;
  /** The state. */
  readonly state: State;
  /**
   * Whether it is the vote of a fast round that is not known to be chosen (section 3a): it goes behind every classic
   * one, however high its ballot, and only the votes of all members choose it.
   */
  readonly fast?: true;
}
