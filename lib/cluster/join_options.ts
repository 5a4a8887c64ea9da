import type { Transport } from "../../transports/transport.ts";
import { type AnySpec, checkHosts } from "../singletons/spec.ts";
import type { Settings } from "../node/engine/settings.ts";
import { type OptionNames, refuseUnknown } from "../options.ts";
import { show } from "../node/runtime/show.ts";

/** How a node joins its cluster. */
export interface JoinOptions {
  /** The stable name of this node: 1 to 64 of `A-Z a-z 0-9 . _ -`. */
  id: string;
  /**
   * The nodes that vote, the same list in the same order on every node. A node that is not in it is a
   * client.
   */
  members: readonly string[];
  /** What carries frames to the other nodes; several may be used at once. */
  transport: Transport | readonly Transport[];
  /**
   * After this many milliseconds without a quorum, what the node owns is free for others: 100 to
   * 600,000. Default: 5,000.
   */
  sessionTtl?: number;
  /** How many milliseconds an operation looks for a quorum. Default: 2,000. */
  timeout?: number;
  /**
   * How many milliseconds a call of a singleton may take, unless it says otherwise; then it rejects with a
   * `TimeoutError`. Default: 30,000.
   */
  callTimeout?: number;
  /** The singletons that this node can run. */
  hosts?: readonly AnySpec[];
  /** Aborting it closes the node. */
  signal?: AbortSignal;
  /** The most bytes that an encoded value may have. Default: 1 MiB. */
  maxValueBytes?: number;
  /** For how many keys this member keeps state at most. Default: 1,000,000. */
  maxKeys?: number;
  /**
   * How many bytes of state this member keeps before it takes no new key: each counts its name, its value
   * and 400 for what is kept with it. Default: 1 GiB.
   */
  maxBytes?: number;
  /**
   * Whether nodes that are not members are let in; what `members[0]` says at the first start holds for
   * the whole cluster. Default: `false`.
   */
  clients?: boolean;
  /**
   * The longest that any node's session may last, in milliseconds; what `members[0]` says at the first
   * start holds for the whole cluster. Default: its `sessionTtl`.
   */
  maxSessionTtl?: number;
  /**
   * What members do that are left when a majority has lost its memory, so that what it agreed on is
   * lost: `"restart"` anew together with those (the default), or `"wait"` for the operator to restart
   * them.
   */
  afterMajorityLoss?: "restart" | "wait";
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
  afterMajorityLoss: true,
};

/** Checked options, all there. */
export interface JoinSettings extends Settings {
  readonly transports: readonly Transport[];
  readonly hosts: readonly AnySpec[];
  readonly callTimeout: number;
  readonly signal: AbortSignal | undefined;
}

const NODE_ID = /^[A-Za-z0-9._-]{1,64}$/;

/** The longest list of members: a frame carries an incarnation for each. */
const MAX_MEMBERS = 99;

/** Checks what the user gave; throws a `TypeError` that names the option and what was received. */
export function checkOptions(options: JoinOptions): JoinSettings {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`Cannot join: options must be an object, received ${show(options)}`);
  }
  refuseUnknown("Cannot join", options, NAMES);
  const { id, signal } = options;
  if (!isNodeId(id)) {
    throw new TypeError(
      `Cannot join: id must be 1 to 64 of A-Z a-z 0-9 . _ -, received ${show(id)}`,
    );
  }
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new TypeError(`Cannot join: signal must be an AbortSignal, received ${show(signal)}`);
  }
  const { afterMajorityLoss = "restart" } = options;
  if (afterMajorityLoss !== "restart" && afterMajorityLoss !== "wait") {
    throw new TypeError(
      `Cannot join: afterMajorityLoss must be "restart" or "wait", received ${
        show(afterMajorityLoss)
      }`,
    );
  }
  const sessionTtl = integer(options, "sessionTtl", 5_000, 100, 600_000);
  return {
    id,
    members: checkMembers(options.members),
    transports: checkTransports(options.transport),
    sessionTtl,
    timeout: integer(options, "timeout", 2_000, 1, 2 ** 31 - 1),
    callTimeout: integer(options, "callTimeout", 30_000, 1, 2 ** 31 - 1),
    hosts: checkHosts(options.hosts),
    signal,
    maxValueBytes: integer(options, "maxValueBytes", 2 ** 20, 1, 8 * 2 ** 20),
    maxKeys: integer(options, "maxKeys", 1_000_000, 1, 2 ** 24),
    maxBytes: integer(options, "maxBytes", 2 ** 30, 1, 2 ** 53 - 1),
    clients: boolean(options, "clients", false),
    maxSessionTtl: integer(options, "maxSessionTtl", sessionTtl, 100, 600_000),
    afterMajorityLoss,
  };
}

/** Whether `id` can name a node. */
export function isNodeId(id: unknown): id is string {
  return typeof id === "string" && NODE_ID.test(id);
}

function checkMembers(members: unknown): readonly string[] {
  if (!Array.isArray(members) || members.length === 0) {
    throw new TypeError(
      `Cannot join: members must be a list of node ids, not empty, received ${show(members)}`,
    );
  }
  if (members.length > MAX_MEMBERS) {
    throw new TypeError(
      `Cannot join: members must be at most ${MAX_MEMBERS}, received ${members.length}`,
    );
  }
  members.forEach((member, index) => {
    if (!isNodeId(member)) {
      throw new TypeError(
        `Cannot join: members[${index}] must be 1 to 64 of A-Z a-z 0-9 . _ -, received ${
          show(member)
        }`,
      );
    }
    if (members.indexOf(member) !== index) {
      throw new TypeError(`Cannot join: members[${index}] is there twice: ${show(member)}`);
    }
  });
  return Object.freeze([...members]);
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
