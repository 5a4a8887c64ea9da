import { SynodError } from "../errors.ts";
import type { Life } from "../paxos/ballot.ts";

/** Failures in a row to connect to a member after which that is reported. */
const REPORTED_AFTER = 5;

/** Looks for silent members per session TTL: renewals are that frequent, and each member answers them. */
const LOOKS_PER_TTL = 3;

/** A look that is later than this many intervals says nothing: this process was paused. */
const LATEST_LOOK = 2;

/** The silence after which a member does not count as answering, in milliseconds: operations ask each second. */
const SILENT = 1_500;

/** The longest text of a failure, in characters. */
const MAX_REASON = 300;

/** What {@linkcode Contacts} depend on. */
export interface ContactsOptions {
  readonly self: string;
  readonly members: readonly string[];
  readonly sessionTtl: number;
  readonly now: () => number;
  readonly setTimer: (callback: () => void, delay: number) => () => void;
  /** When a frame of that node was received last; `undefined`: none was. */
  readonly lastHeard: (id: string) => number | undefined;
  /** Whether a transport has a connection to that node. */
  readonly isConnected: (id: string) => boolean;
  /** Why no cluster answers this node at all: it is no member, or its list of members is another one. */
  readonly fatal: () => string | undefined;
  /** Called once when a member cannot be reached. */
  readonly unreachable: (error: SynodError) => void;
  /** Called when a member falls silent (`votes`: `null`), and when one that votes is heard again. */
  readonly changed: (id: string, votes: Life | null) => void;
}

/** One member, as this node reaches it. */
interface Contact {
  /** When it became one. */
  readonly since: number;
  /** Failures in a row to connect to it. */
  failures: number;
  /** Why the last one failed. */
  why: string | null;
  isReported: boolean;
  /** Whether it has been silent for a session TTL. */
  isSilent: boolean;
}

/** Which members this node reaches, and why not the others: for people, not for the protocol. */
export class Contacts {
  readonly #options: ContactsOptions;
  readonly #contacts = new Map<string, Contact>();
  readonly #interval: number;
  #since = 0;
  #looked = 0;
  #silent = 0;
  #cancel: () => void = () => {};

  /** Knows nothing of the other members yet. */
  constructor(options: ContactsOptions) {
    this.#options = options;
    this.#interval = options.sessionTtl / LOOKS_PER_TTL;
    this.follow(options.members);
  }

  /** These are the members from now on. */
  follow(members: readonly string[]): void {
    const { self, now } = this.#options;
    for (const [id, { isSilent }] of this.#contacts) {
      if (members.includes(id)) continue;
      this.#contacts.delete(id);
      if (isSilent) this.#silent--;
    }
    for (const id of members) {
      if (id === self || this.#contacts.has(id)) continue;
      const since = now();
      this.#contacts.set(id, { since, failures: 0, why: null, isReported: false, isSilent: false });
    }
  }

  /** Begins to look for silent members. */
  start(): void {
    this.#since = this.#options.now();
    this.#lookLater();
  }

  /** Looks no more. */
  stop(): void {
    this.#cancel();
  }

  /** A transport could not connect to `id`, and says `why`. */
  failed(id: string, why: string): void {
    const contact = this.#contacts.get(id);
    if (contact === undefined) return;
    contact.why = why.slice(0, MAX_REASON);
    contact.failures++;
    if (contact.failures < REPORTED_AFTER || contact.isReported || this.#answers(id)) return;
    contact.isReported = true;
    const message = `Node ${this.#options.self} cannot reach member ${id}: ${contact.why}`;
    this.#options.unreachable(new SynodError("unreachable", message));
  }

  /** A way to `id` was made, or it was heard after a silence. */
  reached(id: string): void {
    const contact = this.#contacts.get(id);
    if (contact === undefined) return;
    contact.failures = 0;
    contact.why = null;
    contact.isReported = false;
  }

  /** A frame of `id` has come; `incarnation` is not `null` if it votes. */
  heard(id: string, incarnation: Life | null): void {
    if (this.#silent === 0) return;
    const contact = this.#contacts.get(id);
    if (contact === undefined || !contact.isSilent) return;
    contact.isSilent = false;
    this.#silent--;
    if (incarnation !== null) this.#options.changed(id, incarnation);
  }

  /** Why `id`, which does not answer, cannot be reached, as far as it is known. */
  why(id: string): string | null {
    const why = this.#contacts.get(id)?.why ?? null;
    if (this.#contacts.has(id) && this.#answers(id)) {
      return this.#options.fatal() ??
        "it is heard, but does not answer: it is overloaded, or what is sent to it is lost (a cut in one direction)";
    }
    if (why !== null || !this.#options.isConnected(id)) return why;
    return "it is connected, but does not answer";
  }

  /** A text that names the members that have not answered lately, and why; empty if all have. */
  describeSilent(): string {
    const silent = [...this.#contacts.keys()].filter((id) => !this.#answers(id));
    return silent.map((id) => {
      const why = this.why(id);
      return `${id} does not answer${why === null ? "" : ` (${why})`}`;
    }).join(", ");
  }

  #answers(id: string): boolean {
    const heard = this.#options.lastHeard(id);
    return heard !== undefined && this.#options.now() - heard < SILENT;
  }

  #lookLater(): void {
    this.#looked = this.#options.now();
    this.#cancel = this.#options.setTimer(() => this.#look(), this.#interval);
  }

  #look(): void {
    const { now, lastHeard, sessionTtl, changed } = this.#options;
    const wasPaused = now() - this.#looked > LATEST_LOOK * this.#interval;
    this.#lookLater();
    if (wasPaused) return;
    for (const [id, contact] of this.#contacts) {
      const heard = lastHeard(id) ?? Math.max(this.#since, contact.since);
      if (contact.isSilent || now() - heard < sessionTtl) continue;
      contact.isSilent = true;
      this.#silent++;
      changed(id, null);
    }
  }
}
