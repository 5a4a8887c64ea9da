import { encodeName, PacketWriter, readPacket } from "./packet.ts";
import type { Transport } from "./transport.ts";

export type { Transport };

/** From this many bytes on, a packet is posted at once rather than at the end of the turn. */
const PACKET_LIMIT = 1 << 18;

/**
 * Connects nodes in the workers, or the tabs, of one process, or several in one thread, through the
 * `BroadcastChannel` called `name`. Runs in Deno, Node, Bun and browsers.
 *
 * Whoever can open a channel of that name in the process (in a browser: the origin) can read what
 * nodes say and speak for any of them. What is no frame is ignored, so others may use the name.
 *
 * An open channel keeps a process alive: closing the node, or the transport, lets it exit.
 *
 * @param name The name of the channel: the same for all nodes of a cluster, another for each cluster.
 * @throws {TypeError} If `name` is not a string with at least one character, or if the runtime has
 * no `BroadcastChannel`.
 *
 * @example Three members, each of which would be in a worker of its own
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
export function broadcastChannel(name: string): Transport {
  if (typeof name !== "string" || name === "") {
    const received = typeof name === "string" ? "an empty one" : typeof name;
    throw new TypeError(
      `broadcastChannel: name must be a string that is not empty, got ${received}`,
    );
  }
  if (typeof BroadcastChannel !== "function") {
    throw new TypeError("broadcastChannel: this runtime has no BroadcastChannel");
  }
  return new BroadcastChannelTransport(name);
}

/**
 * Everything that is sent in one turn of the event loop, to whichever peers, travels as one packet,
 * and each peer takes its own frames out of it.
 *
 * One channel and packets were measured against one message per frame, on one channel and on one for
 * each pair of nodes. Every worker of a Deno process wakes up for every message on every channel, and
 * what a message costs there is the waking: packets did as many quorum rounds or more, up to half as
 * many again with five workers, and the channels made no difference. In Node and Bun a channel for
 * each pair would save what it costs to ignore a frame for somebody else: about 3 µs, which is
 * little beside what a node does for one of its own, and no reason to keep track of who listens where.
 *
 * Nothing bounds what is in flight. Deno keeps the last 256 messages of the whole process; a
 * receiver that is further behind has lost the rest, whoever sent them, so no bound of one sender
 * could prevent it. Packets keep the bursts of one turn out of that count. Beyond it the oldest
 * frames are lost: whoever sent them has been answered by others meanwhile, or tries again.
 */
class BroadcastChannelTransport implements Transport {
  readonly #name: string;
  #channel: BroadcastChannel | null = null;
  #closed = false;
  /** This node's id, as packets carry it. */
  #self: Uint8Array = new Uint8Array(0);
  /** What was sent in this turn and is not posted yet. */
  #packet: PacketWriter | null = null;

  constructor(name: string) {
    this.#name = name;
  }

  open(self: string, receive: (from: string, frame: Uint8Array) => void): void {
    if (this.#closed) throw new Error("broadcastChannel: cannot open what was closed");
    if (this.#channel !== null) throw new Error("broadcastChannel: cannot open twice");
    const name = encodeName(self);
    if (name === null) throw new TypeError(`broadcastChannel: not the id of a node: "${self}"`);
    this.#self = name;
    this.#channel = new BroadcastChannel(this.#name);
    this.#channel.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (this.#closed) return;
      const packet = readPacket(data, name);
      if (packet === null) return;
      for (const frame of packet.frames) {
        try {
          receive(packet.from, frame);
        } catch {
          // The receiver's own business. Let out here, it would end a Deno process.
        }
        if (this.#closed) return;
      }
    };
  }

  send(to: string, frame: Uint8Array): void {
    if (this.#channel === null || this.#closed) return;
    const receiver = to === "*" ? null : encodeName(to);
    if (receiver === null && to !== "*") return;
    if (this.#packet === null) {
      this.#packet = new PacketWriter(this.#self);
      queueMicrotask(() => this.#post());
    }
    this.#packet.add(receiver, frame);
    if (this.#packet.size >= PACKET_LIMIT) this.#post();
  }

  close(): void {
    // A node's last words, that its session has ended, are sent just before.
    this.#post();
    this.#closed = true;
    this.#channel?.close();
    this.#channel = null;
  }

  #post(): void {
    const packet = this.#packet;
    this.#packet = null;
    if (packet === null || this.#channel === null) return;
    try {
      this.#channel.postMessage(packet.bytes());
    } catch {
      // A message that the runtime refuses, for its size say, is lost: a transport may lose frames.
    }
  }
}
