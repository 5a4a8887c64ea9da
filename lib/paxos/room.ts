import { type CapacityOptions, hasRoom, type MakingRoom } from "./capacity.ts";
import type { RegisterReply, RegisterRequest } from "./messages.ts";
import { isConfiguration, type RegisterId, type State } from "./register.ts";
import { sizeOf } from "./size.ts";

/** Time for which bytes stay reserved for a proposer that does not come back, in milliseconds. */
const RESERVED_FOR = 5_000;

/** Bytes that a promise has reserved for what will be accepted with it. */
interface Reservation {
  readonly bytes: number;
  readonly until: number;
}

/** The bytes of the registers that an acceptor holds, and those that it has promised room for. */
export class Room {
  readonly #options: CapacityOptions;
  #bytes = 0;
  /** By register; the oldest first. */
  readonly #reserved = new Map<RegisterId, Reservation>();
  #reservedBytes = 0;
  #makeRoom: () => MakingRoom = () => ({ tidying: false, missing: [] });

  /** For an acceptor that holds nothing. */
  constructor(options: CapacityOptions) {
    this.#options = options;
  }

  /** The bytes of what is held; see {@linkcode sizeOf}. */
  get bytes(): number {
    return this.#bytes;
  }

  /** `makeRoom` is called for each reply `full`, and returns its contents. */
  onFull(makeRoom: () => MakingRoom): void {
    this.#makeRoom = makeRoom;
  }

  /** A register has another state; `undefined`: it is not held. */
  tally(register: RegisterId, before: State | null | undefined, now: State | null | undefined) {
    // What becomes held has just been promised, or is accepted at once: nothing else is reserved for it.
    if (before !== undefined) {
      this.#free(register);
      this.#bytes -= sizeOf(register, before);
    }
    if (now !== undefined) this.#bytes += sizeOf(register, now);
  }

  /** Whether there is no room for one more register with this state, where `keys` are held. */
  isFull(register: RegisterId, state: State | null, keys: number, reserve = false): boolean {
    if (isConfiguration(register)) return false;
    const size = sizeOf(register, state);
    const used = this.#bytes + this.#reservedBytes;
    return !hasRoom(this.#options, keys, used, size, reserve);
  }

  /**
   * Whether there is room for a proposal, by what its `prepare` says. What it adds is reserved until something is accepted
   * for the register: no `accept` for it is refused. A held register that does not grow always has room.
   */
  takes(
    { register, grows = 0, reserve, sweep }: Omit<RegisterRequest & { type: "prepare" }, "type">,
    isHeld: boolean,
    keys: number,
    now: number,
  ): boolean {
    if (sweep) return true;
    if (!isHeld && this.isFull(register, null, keys, reserve)) return false;
    const asksFor = reserve ? 0 : grows;
    const others = this.#reservedBytes - (this.#reserved.get(register)?.bytes ?? 0);
    if (asksFor > 0 && this.#bytes + others > this.#options.maxBytes) return false;
    // Only now: where it is refused, the earlier promise stands, and what it has reserved is still needed.
    this.#free(register);
    if (asksFor === 0) return true;
    this.#reserved.set(register, { bytes: asksFor, until: now + RESERVED_FOR });
    this.#reservedBytes += asksFor;
    return true;
  }

  /** Frees what was reserved long ago. */
  tidy(now: number): void {
    if (this.#reserved.size === 0) return;
    for (const [register, { until }] of this.#reserved) {
      if (until > now) return;
      this.#free(register);
    }
  }

  /** The reply to what there is no room for. */
  full(): RegisterReply {
    const { tidying, missing } = this.#makeRoom();
    // What is reserved is used or free soon.
    return { type: "full", tidying: tidying || this.#reservedBytes > 0, missing };
  }

  #free(register: RegisterId): void {
    const reservation = this.#reserved.get(register);
    if (reservation === undefined) return;
    this.#reserved.delete(register);
    this.#reservedBytes -= reservation.bytes;
  }
}
