/** The commands of the driver to the process of a node, and its answers. Each is one line of JSON. */

import type { Pid } from "../../mod.ts";

/** The transport between the nodes. */
export type Over = "webSocket" | "http";

/** The target of a binding. */
export type Bind =
  | { readonly to: "nothing" }
  /** The session of this node. */
  | { readonly to: "node"; readonly id: string }
  /** The process of the user `user` on the node that puts; it lives until "exit". */
  | { readonly to: "process"; readonly user: number }
  /** A process of another node, to which the put is handed over. */
  | { readonly to: "pid"; readonly pid: Pid }
  | { readonly to: "time"; readonly after: number };

/** The commands that a process understands. */
export type Order =
  | {
    readonly do: "join";
    readonly id: string;
    readonly members: readonly string[];
    readonly peers: Readonly<Record<string, string>>;
    readonly over: Over;
    readonly secret: string;
    readonly sessionTtl: number;
    readonly timeout: number;
    /** The address of the fenced resource. */
    readonly resource: string;
  }
  | { readonly do: "ready" }
  | {
    readonly do: "put" | "claim";
    readonly key: string;
    readonly value: string;
    readonly bind: Bind;
  }
  | { readonly do: "get" | "token" | "node"; readonly key: string }
  /** Watches a key for `duration` milliseconds. */
  | { readonly do: "watch"; readonly key: string; readonly duration: number }
  | { readonly do: "exit"; readonly user: number }
  | {
    /** Takes a lock, adds one to the value of the resource, and releases the lock. */
    readonly do: "add";
    readonly key: string;
    readonly shared: boolean;
    readonly ifAvailable: boolean;
    /** How long to wait for the lock, and how long to hold it, in milliseconds. */
    readonly timeout: number;
    readonly work: number;
    /** Whether to check `held` before writing. */
    readonly careful: boolean;
  }
  | {
    readonly do: "call";
    readonly key: string;
    readonly call: string;
    readonly timeout: number;
    /** Duration of the method, in milliseconds. */
    readonly work: number;
  }
  | { readonly do: "status" }
  /** Changes the members to these. */
  | { readonly do: "change"; readonly list: readonly string[]; readonly timeout: number }
  | { readonly do: "close" };

/** A command, and the number of its answer. */
export interface NumberedOrder {
  readonly number: number;
  readonly order: Order;
}

/** The outcome of a command. Times are by the clock of the process. */
export interface Answer {
  readonly number: number;
  readonly begun: number;
  readonly ended: number;
  readonly value?: unknown;
  readonly error?: { readonly name: string; readonly code?: string; readonly message: string };
}

/** `owner` was observed to own `key` at `from` and at `to`, and so at every instant in between. */
export interface OwnedEvent {
  readonly event: "owned";
  readonly kind: "lock" | "instance";
  readonly key: string;
  readonly shared: boolean;
  readonly token: number;
  readonly owner: string;
  readonly from: number;
  readonly to: number;
}

/** An instance executes a call. */
export interface RanEvent {
  readonly event: "ran";
  readonly key: string;
  readonly call: string;
  readonly token: number;
  /** Number of calls that this instance has executed, this one included. */
  readonly order: number;
  /** Time of the execution, by the clock of the process. */
  readonly at: number;
}

/** The events that a process reports. */
export type Event =
  | { readonly event: "listening"; readonly port: number }
  /** An invariant of the protocol failed in this process. */
  | { readonly event: "broken"; readonly node: string; readonly invariant: string }
  | OwnedEvent
  | RanEvent;
