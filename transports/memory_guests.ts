import type { GuestTransport, LineEnd, LineUser } from "./guest_line.ts";
import type { GuestClose, GuestPort, GuestReception } from "./guests.ts";

/** The part of a memory network that guests need. */
export interface GuestNetwork {
  /** What takes guests at the node `server`, if it is open and does. */
  reception(server: string): GuestReception | undefined;
  /** Delivers something from one place to another, later, once, never, or several times. */
  schedule(deliver: () => void, from: string, to: string, frame: Uint8Array): void;
}

const NOTHING = new Uint8Array(0);

const ENDS: Readonly<Record<GuestClose, LineEnd["kind"]>> = {
  replaced: "replaced",
  malformed: "lost",
  refused: "unauthorized",
  full: "full",
  closing: "lost",
};

/**
 * One direction of a connection: in order, and nothing twice. What follows a lost message never arrives, as
 * with a stream whose path is cut.
 */
class Pipe {
  readonly #send: (deliver: () => void, frame: Uint8Array) => void;
  readonly #early = new Map<number, () => void>();
  #sent = 0;
  #arrived = 0;

  constructor(send: (deliver: () => void, frame: Uint8Array) => void) {
    this.#send = send;
  }

  /** Calls `take` at the other end, after all that was sent before. */
  send(take: () => void, frame: Uint8Array = NOTHING): void {
    const number = ++this.#sent;
    this.#send(() => {
      if (number <= this.#arrived) return;
      this.#early.set(number, take);
      for (;;) {
        const next = this.#early.get(this.#arrived + 1);
        if (next === undefined) return;
        this.#early.delete(++this.#arrived);
        next();
      }
    }, frame);
  }
}

/** Connects guests to nodes of a memory network. Every guest has proved its id, and has no claims. */
export function memoryGuests(
  network: GuestNetwork,
  servers: readonly string[],
  claims: Readonly<Record<string, unknown>>,
): GuestTransport {
  return {
    servers,
    isPushed: true,
    connect(server, { id, life }, user) {
      const name = `~${id}`;
      const up = new Pipe((deliver, frame) => network.schedule(deliver, name, server, frame));
      const down = new Pipe((deliver, frame) => network.schedule(deliver, server, name, frame));
      let isOpen = true;
      const tell = (call: (user: LineUser) => void, frame?: Uint8Array) =>
        down.send(() => {
          if (isOpen) call(user);
        }, frame);
      const end = (kind: LineEnd["kind"], reason: string) =>
        tell((user) => {
          isOpen = false;
          user.ended({ kind, reason });
        });
      let port: GuestPort | undefined;
      const line = {
        send(frame: Uint8Array) {
          const copy = frame.slice();
          tell((user) => user.received(copy), copy);
        },
        close(why: GuestClose, reason: string) {
          port = undefined;
          end(ENDS[why], reason);
        },
      };
      up.send(() => {
        const reception = network.reception(server);
        if (reception === undefined) return end("unauthorized", "this node takes no guests");
        const answer = reception.admit({ id, life, claims }, line);
        if ("why" in answer) return end(ENDS[answer.why], answer.reason);
        port = answer;
        tell((user) => user.opened());
      });
      const close = () => {
        if (!isOpen) return;
        isOpen = false;
        up.send(() => port?.lost());
      };
      return {
        send(frame) {
          if (!isOpen) return;
          const copy = frame.slice();
          up.send(() => void port?.receive(copy), copy);
        },
        expect() {},
        close(farewell) {
          if (isOpen && farewell !== undefined) this.send(farewell);
          close();
        },
      };
    },
  };
}
