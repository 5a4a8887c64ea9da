import { type OptionNames, refuseUnknown } from "../lib/options.ts";
import { LifeLocks, platformLocks, type WebLocks } from "./life_locks.ts";
import { encodeName, PacketWriter, readPacket } from "./packet.ts";
import type { Transport, TransportUser } from "./transport.ts";

export type { GuestClose, GuestLine, GuestPort, GuestProof, GuestReception } from "./guests.ts";
export type { WebLocks } from "./life_locks.ts";
export type { Transport, TransportUser } from "./transport.ts";

/** Options of {@linkcode broadcastChannel}. */
export interface BroadcastChannelOptions {
  /**
   * The locks by which a node shows that it runs: where `navigator.locks` exists, each node holds one Web Lock
   * named by its life for as long as it is open. A member that is granted the lock of another life knows that
   * this life has ended, and tells the cluster: so what a terminated worker or a closed tab owned is free within
   * milliseconds. A browser may release the lock of a crashed tab late: what it owned is free between 0.1 s after
   * the crash and the end of its session. A frozen tab, which keeps its lock, keeps what it owns until its session
   * ends. `false` turns this off; `true` is the default. Or other locks with the interface of
   * `navigator.locks`, shared by all nodes of the channel. A node whose lock is stolen closes.
   */
  locks?: boolean | WebLocks;
}

const NAMES: OptionNames<BroadcastChannelOptions> = { locks: true };

/** The size in bytes from which a packet is posted at once instead of at the end of the turn. */
const PACKET_LIMIT = 1 << 18;

/** Names of peers that are kept encoded, to bound memory: more than a channel has nodes, as a rule. */
const MAX_NAMES = 1_000;

/**
 * Connects nodes through the `BroadcastChannel` called `name`: nodes in the workers of one process, in
 * the tabs of one origin, or in one thread. Runs in Deno, Node, Bun and browsers.
 *
 * Any code that can open a channel of that name in the process (in a browser: the origin) can read all
 * frames and speak for any node. Messages that are no packets are ignored, so other code may use the name.
 *
 * An open channel keeps a process alive: closing the node, or the transport, lets it exit.
 *
 * @param name The name of the channel: the same for all nodes of a cluster, and unique to the cluster.
 * @throws {TypeError} If `name` is not a non-empty string, if an option is invalid, or if the runtime has no
 * `BroadcastChannel`.
 *
 * @example Three members; in a real program each is in its own worker
 * ```ts
 * import { join } from "@synod/synod";
 * import { broadcastChannel } from "@synod/synod/transports/broadcast-channel";
 *
 * const members = ["w1", "w2", "w3"];
 * const nodes = await Promise.all(
 *   members.map((id) => join({ id, members, transport: broadcastChannel("app") })),
 * );
 * await nodes[0].kv.put("greeting", "hello");
 * console.log(await nodes[2].kv.get("greeting")); // { ok: true, value: "hello" }
 * for (const node of nodes) await node.close();
 * ```
 */
export function broadcastChannel(
  name: string,
  options: BroadcastChannelOptions = {},
): Transport {
  if (typeof name !== "string" || name === "") {
    const received = typeof name === "string" ? "an empty one" : typeof name;
    throw new TypeError(
      `broadcastChannel: name must be a string that is not empty, received ${received}`,
    );
  }
  if (typeof options !== "object" || options === null) {
    throw new TypeError("broadcastChannel: options must be an object, such as { locks: false }");
  }
  refuseUnknown("broadcastChannel", options, NAMES);
  const { locks = true } = options;
  if (typeof locks !== "boolean" && typeof (locks as WebLocks | null)?.request !== "function") {
    throw new TypeError(
      "broadcastChannel: locks must be true, false, or have the interface of navigator.locks",
    );
  }
  if (typeof BroadcastChannel !== "function") {
    throw new TypeError("broadcastChannel: this runtime has no BroadcastChannel");
  }
  const used = locks === true ? platformLocks() : locks === false ? undefined : locks;
  return new BroadcastChannelTransport(name, used);
}

/**
 * All frames that are sent in one turn of the event loop, to any peers, travel as one packet, and each
 * peer takes its own frames out of it.
 *
 * The alternatives, one message per frame on one channel and on one channel per pair of nodes, were
 * measured. Every worker of a Deno process wakes up for every message on every channel, and that wake-up
 * dominates the cost of a message: packets reached at least as many quorum rounds per second, up to
 * 50 % more with five workers, and channels per pair made no difference. In Node and Bun a channel per pair would
 * save the cost of ignoring a frame for another node, about 3 µs. That is small compared to the work for
 * a frame of the node's own, and does not justify bookkeeping of the listeners of each channel.
 *
 * The frames in flight are not bounded. Deno keeps the last 256 messages of the whole process. A receiver
 * that falls further behind loses older ones of all senders, so a bound in one sender could not prevent
 * the loss. Packets count the burst of one turn as one message. The sender of a lost frame has the answers
 * of other nodes by then, or tries again.
 */
class BroadcastChannelTransport implements Transport {
  readonly #name: string;
  readonly #webLocks: WebLocks | undefined;
  #locks: LifeLocks | null = null;
  #channel: BroadcastChannel | null = null;
  #closed = false;
  /** The frames sent in this turn that are not posted yet; `null`: it is not open. */
  #packet: PacketWriter | null = null;
  /** Whether that is posted at the end of this turn. */
  #isDue = false;
  /** The ids of peers, as packets carry them. */
  readonly #names = new Map<string, Uint8Array | null>();

  /** Without `locks` no life is proved to be over. */
  constructor(name: string, locks: WebLocks | undefined) {
    this.#name = name;
    this.#webLocks = locks;
  }

  open(
    self: string,
    receive: (from: string, frame: Uint8Array) => void,
    _report?: (error: Error) => void,
    user?: Partial<TransportUser>,
  ): void {
    if (this.#closed) throw new Error("broadcastChannel: cannot open a closed transport");
    if (this.#channel !== null) throw new Error("broadcastChannel: cannot open twice");
    const name = encodeName(self);
    if (name === null) throw new TypeError(`broadcastChannel: not the id of a node: "${self}"`);
    this.#packet = new PacketWriter(name);
    this.#channel = new BroadcastChannel(this.#name);
    this.#channel.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (this.#closed) return;
      const packet = readPacket(data, name);
      if (packet === null) return;
      if (packet.holds !== undefined) this.#locks?.heard(packet.holds);
      for (const frame of packet.frames) {
        try {
          receive(packet.from, frame);
        } catch {
          // The receiver's errors are not the transport's. Uncaught, they would end a Deno process.
        }
        if (this.#closed) return;
      }
    };
    this.#openLocks(self, user);
  }

  #openLocks(self: string, user: Partial<TransportUser> | undefined): void {
    if (this.#webLocks === undefined || user?.life === undefined || user.ended === undefined) {
      return;
    }
    const { life, ended, isClosed = () => true } = user;
    // Only members wait for the locks of others: with many clients that would be too many.
    const waits = user.members?.includes(self) ?? true;
    this.#locks = new LifeLocks(this.#webLocks, { life, ended, isClosed }, waits, () => {
      // Said at once, and with every later packet.
      if (!this.#closed) this.#postLater();
    });
    // Requests the lock.
    void this.#locks.held;
  }

  send(to: string, frame: Uint8Array): void {
    const packet = this.#packet;
    if (packet === null) return;
    const receiver = to === "*" ? null : this.#nameOf(to);
    if (receiver === null && to !== "*") return;
    packet.add(receiver, frame);
    this.#postLater();
    if (packet.size >= PACKET_LIMIT) this.#post();
  }

  #nameOf(id: string): Uint8Array | null {
    let name = this.#names.get(id);
    if (name === undefined) {
      if (this.#names.size >= MAX_NAMES) this.#names.clear();
      this.#names.set(id, name = encodeName(id));
    }
    return name;
  }

  /** Posts the packet at the end of this turn. */
  #postLater(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    queueMicrotask(() => this.#post());
  }

  close(): void {
    // The node sends the end of its session just before this call.
    this.#post();
    this.#closed = true;
    this.#channel?.close();
    this.#channel = this.#packet = null;
    this.#locks?.close();
  }

  #post(): void {
    const packet = this.#packet;
    if (!this.#isDue || packet === null) return;
    this.#isDue = false;
    const life = this.#locks?.held;
    if (life !== undefined) packet.holds(life);
    try {
      this.#channel?.postMessage(packet.bytes());
    } catch {
      // A message that the runtime refuses, for example for its size, is lost. A transport may lose frames.
    }
    packet.clear();
  }
}
