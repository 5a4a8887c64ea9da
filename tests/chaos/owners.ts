import type { OwnedEvent } from "./orders.ts";

/** How often owners are looked at, in milliseconds. */
const INTERVAL = 10;

/** What was seen is told at least as often as this: what a killed process has not told is lost. */
const TELL = 100;

type Owned = Pick<OwnedEvent, "kind" | "key" | "shared" | "token" | "owner">;

/**
 * Looks at whatever is owned here, again and again, and tells when it was certainly owned: from the end of
 * the first look that found it so to the beginning of the last one. A process may be stopped at any moment,
 * also in the middle of a look; since nothing that was lost is ever owned again, what is told stays true.
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

  /** Looks at it from now on, until it is found not to be owned any more. */
  watch(owned: Owned, isOwned: () => boolean): Watched {
    const watched = new Watched(owned, isOwned, this.#tell, () => this.#watched.delete(watched));
    this.#watched.add(watched);
    watched.look();
    watched.look();
    watched.tell();
    return watched;
  }

  /** Looks no longer. */
  close(): void {
    clearInterval(this.#timer);
  }
}

/** Something that is owned, as far as one can see. */
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

  /** Looks once; says whether it is owned. */
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

  /** It is given up, or was found lost: nothing that is seen later counts. */
  end(): void {
    if (this.#over) return;
    this.#over = true;
    this.tell();
    this.#ended();
  }

  /** Tells what was seen so far. */
  tell(): void {
    if (this.#from === null || this.#to < this.#from || this.#to === this.#told) return;
    this.#told = this.#to;
    this.#tell({ event: "owned", ...this.#owned, from: this.#from, to: this.#to });
  }
}
