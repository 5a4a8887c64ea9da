import type { LineEnd } from "../transports/guest_line.ts";

/** The first and the longest wait after all servers failed in a row, in milliseconds; it doubles. */
const FIRST_WAIT = 100;
const LONGEST_WAIT = 5_000;

/** The wait after all servers refused the guest, in milliseconds: a reason rarely changes soon. */
const REFUSED_WAIT = 30_000;

/** Which server a guest tries next, and when. The order is random, so that guests spread over the servers. */
export class Retries {
  readonly #servers: string[];
  readonly #random: () => number;
  #index = 0;
  /** Servers in a row that failed, and those among them that refused the guest. */
  #failures = 0;
  #refusals = 0;
  /** Whether the present connection has been tried again at the same server. */
  #wasSame = false;

  /** `random` returns a number in [0, 1). */
  constructor(servers: readonly string[], random: () => number) {
    this.#servers = [...servers];
    this.#random = random;
    for (let i = this.#servers.length - 1; i > 0; i--) {
      const other = Math.floor(random() * (i + 1));
      [this.#servers[i], this.#servers[other]] = [this.#servers[other], this.#servers[i]];
    }
  }

  /** The server to connect to. */
  get server(): string {
    return this.#servers[this.#index];
  }

  /** The connection has been of use. */
  worked(): void {
    this.#failures = 0;
    this.#refusals = 0;
    this.#wasSame = false;
  }

  /** The connection has ended: goes to the next server; returns the wait before it, in milliseconds. */
  next(kind: LineEnd["kind"]): number {
    this.#index = (this.#index + 1) % this.#servers.length;
    const wasFirst = this.#failures === 0 && kind === "lost";
    this.#failures++;
    if (kind === "unauthorized") this.#refusals++;
    // A gateway that served the guest is lost: another server can go on at once.
    if (wasFirst && this.#servers.length > 1) return 0;
    const rounds = Math.floor(this.#failures / this.#servers.length);
    if (rounds === 0) return 0;
    const longest = this.#refusals >= this.#servers.length
      ? REFUSED_WAIT
      : Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** Math.min(20, rounds - 1));
    return longest * (0.5 + 0.5 * this.#random());
  }

  /** The connection has to be made again at the same server; returns the wait before that, in milliseconds. */
  same(): number {
    if (this.#wasSame) return this.next("full");
    this.#wasSame = true;
    return 0;
  }
}
