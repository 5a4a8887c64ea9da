/** What the driver tells a node's process to do, and what it is told. One line of JSON each. */

import type { Pid } from "../../mod.ts";

/** What joins the nodes. */
export type Over = "webSocket" | "http";

/** What a value is bound to. */
export type Bind =
  | { readonly to: "nothing" }
  /** The session of this node. */
  | { readonly to: "node"; readonly id: string }
  /** The process of the user `user` in the node that puts; lives until "exit". */
  | { readonly to: "process"; readonly user: number }
  /** A process of another node: the put is handed over to that. */
  | { readonly to: "pid"; readonly pid: Pid }
  | { readonly to: "time"; readonly after: number };

/** What a node's process can be told to do. */
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
    /** Where the fenced resource is. */
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
  /** Follows a key for so many milliseconds. */
  | { readonly do: "watch"; readonly key: string; readonly duration: number }
  | { readonly do: "exit"; readonly user: number }
  | {
    /** Takes a lock, adds one to what the resource holds, and gives the lock back. */
    readonly do: "add";
    readonly key: string;
    readonly shared: boolean;
    readonly ifAvailable: boolean;
    /** How long to wait for the lock, and how long to work with it; milliseconds. */
    readonly timeout: number;
    readonly work: number;
    /** Whether to ask `held` before writing. */
    readonly careful: boolean;
  }
  | {
    readonly do: "call";
    readonly key: string;
    readonly call: string;
    readonly timeout: number;
    /** How long the method takes, in milliseconds. */
    readonly work: number;
  }
  | { readonly do: "status" }
  | { readonly do: "close" };

/** An order, and the number that its answer will have. */
export interface NumberedOrder {
  readonly number: number;
  readonly order: Order;
}

/** What came of an order. Times are by the clock of the process. */
export interface Answer {
  readonly number: number;
  readonly begun: number;
  readonly ended: number;
  readonly value?: unknown;
  readonly error?: { readonly name: string; readonly code?: string; readonly message: string };
}

/** It was seen that `owner` owned `key`, at `from`, at `to`, and so all the time in between. */
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
  /** How many calls this instance has executed, with this one. */
  readonly order: number;
  /** When, by the clock of the process. */
  readonly at: number;
}

/** What a node's process tells without being asked. */
export type Event =
  | { readonly event: "listening"; readonly port: number }
  | OwnedEvent
  | RanEvent;
