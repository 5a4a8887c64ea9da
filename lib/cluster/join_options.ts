import { checkGuests, type GuestOptions, type GuestSettings } from "../gateway/options.ts";
import type { Transport } from "../../transports/transport.ts";
import { isNodeId, MAX_TTL, NODE_ID_FORM } from "../codec.ts";
import { MIN_TTL } from "../paxos/sessions.ts";
import { checkHosts, type Hosted, type KeptInstance } from "../singletons/hosts.ts";
import type { AnySpec } from "../singletons/spec.ts";
import { checkMembers } from "./change_members_options.ts";
import type { NodeSettings } from "../node/engine/settings.ts";
import type { TraceListener } from "../node/runtime/tracing.ts";
import type { MemberStorage } from "../storage/storage.ts";
import { type OptionNames, refuseUnknown } from "../options.ts";
import { show } from "../show.ts";
import type { TraceEvent } from "../trace.ts";

/** Options of a node. */
export interface JoinOptions {
  /** The stable name of this node: 1 to 64 of `A-Z a-z 0-9 . _ -`. */
  id: string;
  /**
   * The ids of the nodes that vote at the first start, the same list in the same order on every node; afterwards whom to
   * ask for the cluster, whose own list counts. A node that is not in it is a client. One that is in it, but not in the
   * list of the cluster that it finds, waits to be added: see `changeMembers`.
   */
  members: readonly string[];
  /** The transports that carry frames to the other nodes; several may be used at once. */
  transport: Transport | readonly Transport[];
  /**
   * Time without a quorum after which everything that the node owns is free for others, in milliseconds: 100
   * to 600,000. Default: 5,000.
   */
  sessionTtl?: number;
  /** Time for which an operation looks for a quorum, in milliseconds. Default: 2,000. */
  timeout?: number;
  /**
   * Time limit of a call of a singleton that sets none itself, in milliseconds. The call then rejects with a
   * `TimeoutError`. Default: 30,000.
   */
  callTimeout?: number;
  /**
   * The singletons that this node can run, as specs, and instances that always run somewhere, as
   * `{ spec, key, args }`. Such an instance starts when the cluster has a quorum, and again whenever it has ended:
   * as with `restart: "permanent"`, whatever its spec says.
   */
  hosts?: readonly (AnySpec | KeptInstance)[];
  /** Aborting it closes the node. */
  signal?: AbortSignal;
  /** Longest encoded value, in bytes. Default: 1 MiB. */
  maxValueBytes?: number;
  /** Largest number of keys for which this member keeps state. Default: 1,000,000. */
  maxKeys?: number;
  /**
   * Size of the state above which this member takes no new key, in bytes. Each key counts its name, its
   * value, and 400 bytes of overhead. Default: 1 GiB.
   */
  maxBytes?: number;
  /**
   * Whether nodes that are not members may join. The value of `members[0]` at the first start applies to the
   * whole cluster. Default: `false`.
   */
  clients?: boolean;
  /**
   * Longest session of any node, in milliseconds. The value of `members[0]` at the first start applies to the
   * whole cluster. Default: its `sessionTtl`.
   */
  maxSessionTtl?: number;
  /**
   * Whether this member serves guests: browsers and other programs that prove no more than their own id, and take no
   * part in the protocol. Needs `clients: true`. Default: `false`.
   */
  guests?: false | GuestOptions;
  /**
   * How the remaining members react after half of the members or more (of two, both) have lost their memory, and
   * with it the agreed state: `"restart"` with empty registers together with those members (the default without
   * `storage`), or `"wait"` until the operator restarts them (the default with it).
   */
  afterMajorityLoss?: "restart" | "wait";
  /**
   * Where this member keeps what it agreed to, so that all members may stop at once: for example `sqlite(database)` of
   * `@synod/synod/storage/sqlite`. Each member needs its own. A client does not use it before it becomes a
   * member. Default: memory only.
   */
  storage?: MemberStorage;
  /**
   * Called with every decision of the node, as plain data; see {@linkcode TraceEvent}. It is called in the middle of
   * the node's work: let it note the event, and use the node later. What it throws is an `error` event of the node, at
   * most one a second, and nothing else. It costs nothing when it is not given.
   */
  trace?: (event: TraceEvent) => void;
}

const NAMES: OptionNames<JoinOptions> = {
  id: true,
  members: true,
  transport: true,
  sessionTtl: true,
  timeout: true,
  callTimeout: true,
  hosts: true,
  signal: true,
  maxValueBytes: true,
  maxKeys: true,
  maxBytes: true,
  clients: true,
  maxSessionTtl: true,
  guests: true,
  afterMajorityLoss: true,
  storage: true,
  trace: true,
};

/** Checked options with all defaults. */
export interface JoinSettings extends NodeSettings {
  readonly transports: readonly Transport[];
  readonly hosts: Hosted["specs"];
  /** The instances that always have to run somewhere. */
  readonly kept: Hosted["kept"];
  readonly callTimeout: number;
  /** `null`: guests are refused. */
  readonly guests: GuestSettings | null;
  readonly signal: AbortSignal | undefined;
  /** `null`: memory only. */
  readonly storage: MemberStorage | null;
  readonly trace: TraceListener | undefined;
}

/** Checks the options of `join`; throws a `TypeError` that names the option and the value received. */
export function checkOptions(options: JoinOptions): JoinSettings {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`Cannot join: options must be an object, received ${show(options)}`);
  }
  if ("token" in options) {
    throw new TypeError(
      "Cannot join: token does not make a member or a client; a program without the secret is a guest: use connect({ servers, token }) of @synod/synod/guest",
    );
  }
  refuseUnknown("Cannot join", options, NAMES);
  const { id, signal } = options;
  if (!isNodeId(id)) {
    throw new TypeError(
      `Cannot join: id must be ${NODE_ID_FORM}, received ${show(id)}`,
    );
  }
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new TypeError(`Cannot join: signal must be an AbortSignal, received ${show(signal)}`);
  }
  const storage = checkStorage(options.storage);
  const { afterMajorityLoss = storage === null ? "restart" : "wait" } = options;
  if (afterMajorityLoss !== "restart" && afterMajorityLoss !== "wait") {
    throw new TypeError(
      `Cannot join: afterMajorityLoss must be "restart" or "wait", received ${
        show(afterMajorityLoss)
      }`,
    );
  }
  const maxValueBytes = integer(options, "maxValueBytes", 2 ** 20, 1, 8 * 2 ** 20);
  const { specs: hosts, kept } = checkHosts(options.hosts, maxValueBytes);
  const sessionTtl = integer(options, "sessionTtl", 5_000, MIN_TTL, MAX_TTL);
  return {
    id,
    members: checkMembers("Cannot join", options.members),
    transports: checkTransports(options.transport),
    sessionTtl,
    timeout: integer(options, "timeout", 2_000, 1, 2 ** 31 - 1),
    callTimeout: integer(options, "callTimeout", 30_000, 1, 2 ** 31 - 1),
    hosts,
    kept,
    signal,
    maxValueBytes,
    maxKeys: integer(options, "maxKeys", 1_000_000, 1, 2 ** 24),
    maxBytes: integer(options, "maxBytes", 2 ** 30, 1, 2 ** 53 - 1),
    clients: boolean(options, "clients", false),
    maxSessionTtl: integer(options, "maxSessionTtl", sessionTtl, MIN_TTL, MAX_TTL),
    afterMajorityLoss,
    storage,
    trace: checkTrace(options.trace),
    guests: checkGuests(options.guests, options.clients === true),
  };
}

function checkTransports(transport: unknown): readonly Transport[] {
  const transports: unknown[] = Array.isArray(transport) ? [...transport] : [transport];
  const valid = transports.length > 0 &&
    transports.every((one) =>
      typeof one === "object" && one !== null &&
      ["open", "send", "close"].every((name) =>
        typeof (one as Record<string, unknown>)[name] === "function"
      )
    );
  if (!valid) {
    throw new TypeError(
      `Cannot join: transport must be a Transport or a list of them, received ${show(transport)}`,
    );
  }
  return transports as Transport[];
}

function checkTrace(trace: unknown): TraceListener | undefined {
  if (trace !== undefined && typeof trace !== "function") {
    throw new TypeError(`Cannot join: trace must be a function, received ${show(trace)}`);
  }
  return trace as TraceListener | undefined;
}

function checkStorage(storage: unknown): MemberStorage | null {
  if (storage === undefined) return null;
  const isOne = typeof storage === "object" && storage !== null &&
    ["load", "write", "clear", "close"].every((name) =>
      typeof (storage as Record<string, unknown>)[name] === "function"
    );
  if (!isOne) {
    throw new TypeError(`Cannot join: storage must be a Storage, received ${show(storage)}`);
  }
  return storage as MemberStorage;
}

function integer(
  options: JoinOptions,
  name:
    | "sessionTtl"
    | "timeout"
    | "callTimeout"
    | "maxValueBytes"
    | "maxKeys"
    | "maxBytes"
    | "maxSessionTtl",
  otherwise: number,
  least: number,
  most: number,
): number {
  const value = options[name] === undefined ? otherwise : options[name];
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new TypeError(
      `Cannot join: ${name} must be an integer from ${least} to ${most}, received ${show(value)}`,
    );
  }
  return value;
}

function boolean(options: JoinOptions, name: "clients", otherwise: boolean): boolean {
  const value = options[name] === undefined ? otherwise : options[name];
  if (typeof value !== "boolean") {
    throw new TypeError(`Cannot join: ${name} must be true or false, received ${show(value)}`);
  }
  return value;
}
