import type { DownMessage, GuestBinding, GuestOutcome } from "../codec/guest_messages.ts";
import type { HandoverReply, HandoverRequest } from "../paxos/messages.ts";
import type { Binding } from "../paxos/register.ts";
import { parseSession } from "../paxos/sessions.ts";

/** Puts of others that wait for the guest's answer; more are not asked. */
const MAX_WAITING = 1_000;

/** Puts that others have bound to a process of the guest: the guest runs them as its own. */
export class GuestHandovers {
  readonly #name: string;
  readonly #send: (message: DownMessage) => void;
  readonly #waiting = new Map<
    number,
    { readonly value: Uint8Array; readonly reply: (reply: HandoverReply) => void }
  >();
  #last = 0;

  /** For the guest with this name, `~id`. */
  constructor(name: string, send: (message: DownMessage) => void) {
    this.#name = name;
    this.#send = send;
  }

  /** Asks the guest to run a put; not answering is always safe. */
  ask(
    { op, register, value, bindings, timeout, since }: HandoverRequest,
    reply: (reply: HandoverReply) => void,
  ): void {
    if (this.#waiting.size >= MAX_WAITING) return;
    const id = ++this.#last;
    this.#waiting.set(id, { value, reply });
    const own = bindings.map((binding) => this.#toGuest(binding));
    this.#send({ type: "handover", id, op, register, value, bindings: own, timeout, since });
  }

  /** The guest answers. */
  answered(id: number, outcome: GuestOutcome): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    waiting?.reply(toReply(outcome, waiting.value));
  }

  /** Waits for no answer any more. */
  clear(): void {
    this.#waiting.clear();
  }

  /** A binding as the guest sends it back with a put of its own. */
  #toGuest(binding: Binding): GuestBinding {
    switch (binding.kind) {
      case "pid": {
        const { node, session, seq } = binding.pid;
        if (node !== this.#name) return { type: "pid", session, seq };
        return { type: "ownPid", session: parseSession(session).sequence, seq };
      }
      case "node":
        return { type: "session", session: binding.session };
      case "key":
        return { type: "token", register: binding.register, token: binding.token };
      case "until":
        return { type: "until", time: binding.time };
    }
  }
}

function toReply(outcome: GuestOutcome, value: Uint8Array): HandoverReply {
  switch (outcome.type) {
    case "agreed": {
      const { token } = outcome;
      if (outcome.value === null) return { type: "handed", outcome: "written", value, token };
      return { type: "handed", outcome: "found", value: outcome.value, token };
    }
    case "invalid":
      return { type: "handed", outcome: "invalid_value" };
    case "full":
      return { type: "handed", outcome: "full" };
    default:
      return { type: "handed", outcome: "no_quorum" };
  }
}
