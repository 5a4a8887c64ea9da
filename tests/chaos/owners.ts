import type { OwnedEvent } from "./orders.ts";

/** Interval at which owners are checked, in milliseconds. */
const INTERVAL = 10;

/** Longest interval between two reports, in milliseconds: a killed process loses what it has not reported. */
const TELL = 100;

type Owned = Pick<OwnedEvent, "kind" | "key" | "shared" | "token" | "owner">;

/**
 * Checks everything that is owned here, again and again, and reports when it was certainly owned: from
 * the end of the first positive check to the beginning of the last one. A process may be stopped at any
 * moment, also within a check. Lost ownership never comes back, so the report is true in any case.
 */
export class Owners {
  readonly #tell: (event: OwnedEvent) => void;
  readonly #watched = new Set<Watched>();
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(tell: (event: OwnedEvent) => void) {
    this.#tell = tell;
    this.#timer = setInterval(() => {
      for (const watched of this.#watched) watched.look();
    }, INTERVAL);
  }

  /** Checks it from now on, until it is no longer owned. */
  watch(owned: Owned, isOwned: () => boolean): Watched {
    const watched = new Watched(owned, isOwned, this.#tell, () => this.#watched.delete(watched));
    this.#watched.add(watched);
    watched.look();
    watched.look();
    watched.tell();
    return watched;
  }

  /** Stops checking. */
  close(): void {
    clearInterval(this.#timer);
  }
}

/** Something that is owned, as far as this process knows. */
export class Watched {
  readonly #owned: Owned;
  readonly #isOwned: () => boolean;
  readonly #tell: (event: OwnedEvent) => void;
  readonly #ended: () => void;
  #from: number | null = null;
  #to = -Infinity;
  #told = -Infinity;
  #over = false;

  constructor(
    owned: Owned,
    isOwned: () => boolean,
    tell: (event: OwnedEvent) => void,
    ended: () => void,
  ) {
    this.#owned = owned;
    this.#isOwned = isOwned;
    this.#tell = tell;
    this.#ended = ended;
  }

  /** Checks once; returns whether it is owned. */
  look(): boolean {
    if (this.#over) return false;
    const before = performance.now();
    if (!this.#isOwned()) {
      this.end();
      return false;
    }
    this.#from ??= performance.now();
    this.#to = before;
    if (this.#to - this.#told >= TELL) this.tell();
    return true;
  }

  /** It is released, or was found lost: later checks do not count. */
  end(): void {
    if (this.#over) return;
    this.#over = true;
    this.tell();
    this.#ended();
  }

  /** Reports the observed interval so far. */
  tell(): void {
    if (this.#from === null || this.#to < this.#from || this.#to === this.#told) return;
    this.#told = this.#to;
    this.#tell({ event: "owned", ...this.#owned, from: this.#from, to: this.#to });
  }
}
