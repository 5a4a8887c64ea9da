import type { Core } from "../node/core.ts";
import type { Life } from "../paxos/ballot.ts";
import type { RegisterChange } from "../paxos/change.ts";
import type { LockCommand, LockResult } from "../paxos/lock_register.ts";
import type { OrderRequest } from "../paxos/messages.ts";
import { kindOf, REGISTER_KINDS, type RegisterId } from "../paxos/register.ts";
import { isGuest, parseSession } from "../paxos/sessions.ts";
import type { LockRequest } from "./lock_request.ts";
import { labeled, permitted } from "./options.ts";

/** Orders that are proposed at the same time, to bound memory; others are refused. */
const MAX_TAKEN = 1_000;

/** How many of this node's requests hold a lock, and how many are being released. */
interface Holding {
  held: number;
  leaving: number;
}

/** Proposes the requests of other nodes for the locks that this node holds. */
export class TakenOrders {
  readonly #core: Core;
  readonly #change: (register: RegisterId, command: LockCommand) => RegisterChange<LockResult>;
  readonly #holding = new Map<RegisterId, Holding>();
  #taken = 0;

  /** Holds nothing; `change` applies a command to a lock. */
  constructor(
    core: Core,
    change: (register: RegisterId, command: LockCommand) => RegisterChange<LockResult>,
  ) {
    this.#core = core;
    this.#change = change;
  }

  /** `request` holds its lock until it ends, and then until `released` settles. */
  holds(request: LockRequest): void {
    const { register } = request;
    let holding = this.#holding.get(register);
    if (holding === undefined) this.#holding.set(register, holding = { held: 0, leaving: 0 });
    const counts = holding;
    counts.held++;
    request.onOver(() => {
      counts.held--;
      this.#forget(register, counts);
    });
  }

  /** The release of a lock is under way until `released` settles. */
  leaves(register: RegisterId, released: Promise<unknown>): void {
    let holding = this.#holding.get(register);
    if (holding === undefined) this.#holding.set(register, holding = { held: 0, leaving: 0 });
    const counts = holding;
    counts.leaving++;
    const left = () => {
      counts.leaving--;
      this.#forget(register, counts);
    };
    released.then(left, left);
  }

  /** Proposes an order that `life` of `from` has sent over its own link, or calls `refuse`. */
  take(from: string, life: Life, order: OrderRequest, refuse: (moved: boolean) => void): void {
    const { register, term, session, requests } = order;
    const owner = parseSession(session);
    // A node orders for itself alone, in its present life.
    if (owner.node !== from || owner.life !== life || isGuest(from)) return;
    if (kindOf(register) !== REGISTER_KINDS.lock) return;
    if (this.#taken >= MAX_TAKEN) return refuse(false);
    // The next holder is a better proposer than this node, which would be its rival.
    if (!this.#proposesFor(register)) return refuse(true);
    const entries = requests.map(({ seq, request, mode, permits, since, label }) => ({
      ...{ pid: { node: from, session, seq }, request, mode, token: 0, since },
      ...permitted(permits),
      ...labeled(label),
    }));
    const { proposals, pacing } = this.#core;
    const change = this.#change(register, { type: "order", term, entries });
    this.#taken++;
    // Behind this time its sender proposes the same.
    const limits = this.#core.limits(pacing.resend(0));
    proposals.change(register, change, { ...limits, keepPromise: true, joins: true }).then(
      ({ result }) => {
        this.#taken--;
        if (result.kind !== "queued") refuse(false);
      },
      () => {
        this.#taken--;
        refuse(false);
      },
    );
  }

  /** Whether this node holds the lock, or releases it in a round that the order can join. */
  #proposesFor(register: RegisterId): boolean {
    const holding = this.#holding.get(register);
    if (holding === undefined) return false;
    return holding.held > 0 || this.#core.proposals.canJoin(register);
  }

  #forget(register: RegisterId, { held, leaving }: Holding): void {
    if (held + leaving === 0) this.#holding.delete(register);
  }
}
