import type { Pid, RegisterId } from "../paxos/register.ts";
import type { Limits, NodeShell } from "../node/shell.ts";
import type { PutOptions } from "./options.ts";

/** The value of a key, as it is stored. */
export interface Found {
  /** The fencing token. */
  readonly token: number;
  /** The encoded value. */
  readonly value: Uint8Array;
  /** The node that it is bound to, by `node` or by `pid`; `null`: none. */
  readonly node: string | null;
  /** The process that it is bound to; `null`: none. */
  readonly pid: Pid | null;
}

/** A key of a list. `token` and `value` are there if values were asked for. */
export interface ListedKey {
  readonly register: RegisterId;
  readonly token?: number;
  readonly value?: Uint8Array;
}

/** How a put ended. */
export type PutOutcome =
  /** The value and token that the cluster agreed on; `mine`: this put wrote them. */
  | { readonly kind: "agreed"; readonly value: Uint8Array; readonly token: number; mine: boolean }
  /** Something that the value is bound to has ended. */
  | { readonly kind: "invalid_value"; readonly reason: string }
  /** It cannot be known whether the put took effect. */
  | { readonly kind: "unknown" };

/** Receives what a watch learns. */
export interface Follower {
  /** A state of the key, `null` without a value; never an older one than before. */
  readonly learn: (found: Pick<Found, "token" | "value"> | null) => void;
  /** The watch has failed; nothing more is learned. */
  readonly fail: (error: unknown) => void;
}

/** Receives what a watch of a bucket learns. */
export interface BucketFollower {
  /** A state of a key, `null` without a value; never an older one than before, and possibly the same again. */
  readonly learn: (register: RegisterId, found: Pick<Found, "token" | "value"> | null) => void;
  /** All keys that had a value when the watch began have been told; may be called again. */
  readonly listed: () => void;
  /** The watch has failed; nothing more is learned. */
  readonly fail: (error: unknown) => void;
}

/** The keys of the cluster as one node reaches them: a full node by proposals, a guest by its gateway. */
export interface KvStore {
  /** The node. */
  readonly shell: NodeShell;
  /** The value of a key, if this node knows it and it can never change; a guest knows none. */
  known?(register: RegisterId): Found | undefined;
  /** The value of a key. Rejects with `no_quorum` at the deadline. */
  read(register: RegisterId, limits: Limits): Promise<Found | null>;
  /**
   * Sets a key that has no value. Calls `writing` before it can first take effect. Rejects with `no_quorum` if
   * no quorum answers by the deadline.
   */
  put(
    register: RegisterId,
    value: Uint8Array,
    options: PutOptions,
    limits: Limits,
    writing: () => void,
  ): Promise<PutOutcome>;
  /** The registers whose ids begin with `prefix` and that have a value, in order; `values`: with values. */
  list(prefix: string, values: boolean, limits: Limits): Promise<readonly ListedKey[]>;
  /** Follows a key; returns the function that stops it. */
  watch(register: RegisterId, follower: Follower): () => void;
  /** Follows the keys whose registers begin with `prefix`; returns the function that stops it. */
  watchAll(prefix: string, follower: BucketFollower): () => void;
}
