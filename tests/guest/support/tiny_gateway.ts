import { assert } from "@std/assert";
import { decodeUp, encodeDown } from "../../../lib/codec/guest_frame.ts";
import type { DownMessage, GuestOutcome, UpMessage } from "../../../lib/codec/guest_messages.ts";
import type {
  GuestClose,
  GuestLine,
  GuestPort,
  GuestProof,
  GuestReception,
} from "../../../transports/guests.ts";
import { lifeOf } from "./scripted_gateway.ts";

/** A gateway without a cluster, behind a real transport: grants every renewal, and has one map of keys. */
export class TinyGateway implements GuestReception {
  /** The guests that connected, in order. */
  readonly proofs: GuestProof[] = [];
  readonly values = new Map<string, Uint8Array>();
  /** Watches that have begun. */
  watches = 0;
  /** Connections that have ended. */
  lost = 0;
  /** Why the next guest is refused. */
  refusal: { why: GuestClose; reason: string } | undefined;
  readonly lines: GuestLine[] = [];
  #ticket = 0;
  /** Reads of the key `slow`, which wait until the test ends them. */
  readonly #slow: (() => void)[] = [];

  admit(guest: GuestProof, line: GuestLine): GuestPort | { why: GuestClose; reason: string } {
    this.proofs.push(guest);
    if (this.refusal !== undefined) return this.refusal;
    this.lines.push(line);
    return {
      receive: async (frame) => {
        const decoded = decodeUp(frame);
        assert(decoded.ok, JSON.stringify(decoded));
        await Promise.all(decoded.frame.messages.map((message) => this.#take(message, line)));
      },
      lost: () => void this.lost++,
    };
  }

  /** Sends messages over the newest connection. */
  say(...messages: DownMessage[]): void {
    this.#send(this.lines[this.lines.length - 1], messages);
  }

  /** Ends the slow reads. */
  release(): void {
    for (const end of this.#slow.splice(0)) end();
  }

  #send(line: GuestLine, messages: readonly DownMessage[]): void {
    const ticket = ++this.#ticket;
    const frame = { gateway: lifeOf("T"), genesis: "g", clock: 1, ticket, messages };
    line.send(encodeDown(frame), messages.length > 0);
  }

  async #take(message: UpMessage, line: GuestLine): Promise<void> {
    if (message.type === "hello") {
      this.#send(line, [{
        type: "welcome",
        member: "t",
        maxTtl: 600_000,
        maxValueBytes: 2 ** 20,
        members: ["t"],
      }]);
    } else if (message.type === "renew") {
      const { session, renewal } = message;
      this.#send(line, [{ type: "renewed", session, renewal }]);
    } else if (message.type === "run") {
      const outcome = await this.#run(message);
      if (outcome !== undefined) {
        this.#send(line, [{ type: "result", number: message.number, outcome }]);
      }
    }
  }

  async #run({ operation }: UpMessage & { type: "run" }): Promise<GuestOutcome | undefined> {
    switch (operation.type) {
      case "put": {
        const { register, value } = operation;
        const known = this.values.get(register);
        this.values.set(register, known ?? value);
        return { type: "agreed", token: 1, value: known ?? null };
      }
      case "read": {
        const value = this.values.get(operation.register);
        if (operation.register.endsWith("dslow")) {
          await new Promise<void>((resolve) => this.#slow.push(resolve));
        }
        const state = value && { token: 1, value, node: null, pid: null };
        return { type: "state", state: state ?? null };
      }
      case "watch":
        this.watches++;
        return undefined;
      default:
        return { type: "done" };
    }
  }
}
