import type { DownMessage, GuestOutcome, UpMessage } from "../lib/codec/guest_messages.ts";
import { SynodError } from "../lib/errors.ts";
import type { PutOutcome } from "../lib/kv/store.ts";
import type { OperationId } from "../lib/paxos/register.ts";
import type { GuestOwner, GuestOwners } from "./owners.ts";
import type { GuestSession } from "./session.ts";
import type { GuestShell } from "./shell.ts";
import type { GuestStore } from "./store.ts";

/** Results that are remembered for one process, and puts of which it is known only that they ran. */
const MAX_RESULTS = 1_000;
const MAX_KNOWN = 100_000;

type Handover = DownMessage & { readonly type: "handover" };

/** The puts that were handed over to one process. */
interface Known {
  /** The results of the newest ones, oldest first. */
  readonly results: Map<OperationId, Promise<GuestOutcome>>;
  /** Older ones: what became of them is not remembered, and they must not run again. */
  readonly forgotten: Set<OperationId>;
}

const UNKNOWN: GuestOutcome = { type: "unknown" };

/**
 * Puts that other nodes bind to processes of this guest. The guest sends each as its own, once, so that exit and
 * put are ordered in one place (section 4).
 */
export class GuestHandovers {
  readonly #shell: GuestShell;
  readonly #session: GuestSession;
  readonly #owners: GuestOwners;
  readonly #store: GuestStore;
  readonly #known = new WeakMap<GuestOwner, Known>();

  /** Starts without puts. */
  constructor(
    parts: {
      readonly shell: GuestShell;
      readonly session: GuestSession;
      readonly owners: GuestOwners;
      readonly store: GuestStore;
    },
  ) {
    this.#shell = parts.shell;
    this.#session = parts.session;
    this.#owners = parts.owners;
    this.#store = parts.store;
  }

  /** Takes a put; calls `answer` with its outcome. */
  take(message: Handover, answer: (message: UpMessage) => void): void {
    this.#outcome(message).then((outcome) => answer({ type: "handed", id: message.id, outcome }));
  }

  async #outcome(message: Handover): Promise<GuestOutcome> {
    const bound = message.bindings.find(({ type }) => type === "ownPid");
    if (bound?.type !== "ownPid") return { type: "invalid", reason: "no process of this guest" };
    const owner = bound.session === this.#session.number
      ? this.#owners.get(this.#session.current, bound.seq)
      : undefined;
    // An ended process may have run it: what it wrote is released by now.
    if (owner === undefined) return { type: "invalid", reason: "the process has ended" };
    let known = this.#known.get(owner);
    if (known === undefined) {
      this.#known.set(owner, known = { results: new Map(), forgotten: new Set() });
    }
    const { results, forgotten } = known;
    if (forgotten.has(message.op) || forgotten.size >= MAX_KNOWN) return UNKNOWN;
    let result = results.get(message.op);
    if (result === undefined) {
      results.set(message.op, result = this.#run(message, owner));
      for (const oldest of results.keys()) {
        if (results.size <= MAX_RESULTS) break;
        results.delete(oldest);
        forgotten.add(oldest);
      }
    }
    return await result;
  }

  async #run({ register, value, bindings, timeout }: Handover, owner: GuestOwner) {
    const limits = this.#shell.limits(timeout, owner.signal);
    try {
      const put = await this.#store.propose(register, value, bindings, owner, limits, () => {});
      return toOutcome(put);
    } catch (error) {
      if (error instanceof SynodError && error.code === "full") {
        return { type: "full" } as const;
      }
      return UNKNOWN;
    }
  }
}

function toOutcome(put: PutOutcome): GuestOutcome {
  switch (put.kind) {
    case "agreed":
      return { type: "agreed", token: put.token, value: put.mine ? null : put.value };
    case "invalid_value":
      return { type: "invalid", reason: put.reason };
    case "unknown":
      return UNKNOWN;
  }
}
