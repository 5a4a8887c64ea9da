import type {
  GuestEvent,
  GuestOperation,
  GuestOutcome,
  GuestPiece,
} from "../lib/codec/guest_messages.ts";
import type { Operation } from "../lib/node/runtime/operation.ts";
import type { Gateway } from "./gateway.ts";

/** Operations that only read: any gateway may get them at any time. */
const READS: ReadonlySet<GuestOperation["type"]> = new Set(
  [
    "read",
    "list",
    "watch",
    "watchAll",
    "guard",
    "holders",
    "explain",
    "query",
    "session",
    "status",
  ] as const,
);

/** Operations that may go on for long, and that a gateway counts apart. */
const LONG: ReadonlySet<GuestOperation["type"]> = new Set(
  ["watch", "watchAll", "guard", "lock", "call"] as const,
);

/** Size of a message without its value, in bytes; an estimate for splitting frames. */
const OVERHEAD = 300;

/** What the maker of an operation hears of it. */
export interface RunHooks {
  /** News; never after the result. */
  readonly event?: (event: GuestEvent) => void;
  /** Called before it is first sent: from now on it may take effect. */
  readonly sending?: () => void;
  /** A counter below all that it may write. Default: the guest's next counter when it is first sent, which is closer. */
  readonly since?: number;
  /** The operations that this one undoes. They are cancelled before it is sent. */
  readonly undoes?: readonly Run[];
  /** The operations that must be over at other gateways before this one is sent. They go on. */
  readonly after?: readonly Run[];
}

/** One operation of a guest, from its call to its result. */
export class Run {
  /** Its number, unique in the life of the guest. */
  readonly number: number;
  /** A counter of the guest below all that it may write, its own unless its maker gave one; known once it was sent. */
  since = 0;
  readonly request: GuestOperation;
  readonly hooks: RunHooks;
  /** Ends with the outcome, at its limits, or when the guest closes. */
  readonly operation: Operation<GuestOutcome>;
  /** Its deadline on the monotonic clock, in milliseconds. */
  readonly deadline: number;
  /** The gateways that may have got it, or what it undoes. */
  readonly touched = new Set<Gateway>();
  /** Whether it was sent over the present connection and waits for its result. */
  isSent = false;
  /** Whether it was ever sent. */
  wasSent = false;
  /** Whether it was sent over the present connection after a gateway may have begun it. */
  isRepeated = false;
  /** The only gateway that it was ever sent to, if that has said last that it has not begun it. */
  unbegunAt: Gateway | undefined;
  /** Whether it has ended; its result is no longer wanted. */
  isOver = false;
  /** Whether a gateway has told its result. */
  isAnswered = false;
  /** The pieces of its result by index. */
  readonly #pieces = new Map<number, GuestPiece>();
  #expected: { readonly outcome: GuestOutcome; readonly pieces: number } | undefined;

  /** Not sent yet. */
  constructor(
    numbers: { readonly number: number; readonly deadline: number },
    request: GuestOperation,
    operation: Operation<GuestOutcome>,
    hooks: RunHooks,
  ) {
    this.number = numbers.number;
    this.deadline = numbers.deadline;
    this.request = request;
    this.operation = operation;
    this.hooks = hooks;
  }

  /** The gateways that may still work on it, on what it undoes, or on what has to be over before. */
  *before(): Iterable<Gateway> {
    yield* this.touched;
    for (const run of this.hooks.after ?? []) yield* run.touched;
  }

  /** Whether it only reads. */
  get reads(): boolean {
    return READS.has(this.request.type);
  }

  /** Whether it may go on for long. */
  get isLong(): boolean {
    return LONG.has(this.request.type);
  }

  /** Whether more than one life of a gateway may have got it. */
  get isSpread(): boolean {
    return this.touched.size > 1;
  }

  /** About the size of its message, in bytes. */
  get size(): number {
    const { request } = this;
    let size = OVERHEAD;
    if ("register" in request) size += 2 * request.register.length;
    if (request.type === "put" || request.type === "cell") size += request.value?.length ?? 0;
    if ("args" in request) size += request.args.length;
    return size;
  }

  /** The pieces of the result, in order. */
  get pieces(): readonly GuestPiece[] {
    return [...this.#pieces].sort(([a], [b]) => a - b).map(([, piece]) => piece);
  }

  /** Takes a piece of the result. */
  part(index: number, piece: GuestPiece): GuestOutcome | undefined {
    this.#pieces.set(index, piece);
    return this.#complete();
  }

  /** Takes the result; returns it when all its pieces are there, which may come later. */
  result(outcome: GuestOutcome): GuestOutcome | undefined {
    this.#expected = { outcome, pieces: outcome.type === "pieces" ? outcome.pieces : 0 };
    return this.#complete();
  }

  /** Another gateway may give the result in other pieces. */
  again(): void {
    this.isSent = false;
    this.#pieces.clear();
    this.#expected = undefined;
  }

  #complete(): GuestOutcome | undefined {
    if (this.#expected === undefined) return undefined;
    return this.#pieces.size >= this.#expected.pieces ? this.#expected.outcome : undefined;
  }
}
