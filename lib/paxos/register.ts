import type { Ballot } from "./ballot.ts";

/** What registers are used for, and the character with which the names of such registers begin. */
export const REGISTER_KINDS = {
  /** A key of the KV. */
  key: "k",
  /** A lock. */
  lock: "l",
  /** A singleton. */
  singleton: "s",
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

/** The register of the configuration: of kind `c`, in the default bucket, under the key null. */
export const CONFIGURATION: RegisterId = `${REGISTER_KINDS.configuration}\xf6\xf6`;

/** Whether `register` is that of the configuration, which always has room. */
export function isConfiguration(register: RegisterId): boolean {
  return register === CONFIGURATION;
}

/** The id of one lease of one node, `node/life/sequence`; never reused. See {@linkcode compareSessions}. */
export type SessionId = string;

/** The id of one operation, `life/sequence`; unique, so that a writer recognises its own write. */
export type OperationId = string;

/** One owner inside a session. */
export interface Pid {
  /** The id of the node. */
  readonly node: string;
  /** The session. */
  readonly session: SessionId;
  /** Its number among the owners of the node. */
  readonly seq: number;
}

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
