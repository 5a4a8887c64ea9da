import type { Life } from "./ballot.ts";
import {
  admitted,
  type Configuration,
  countedSender,
  isNewer,
  joinedBy,
  sameConfiguration,
  settledOf,
  undone,
  votersOf,
  withoutMember,
} from "./configuration.ts";
import type { ConfigurationReply, ConfigurationRequest } from "./configuration_messages.ts";
import type { KnownIncarnations } from "./incarnations.ts";
import { assertInvariant } from "./invariant.ts";
import { InventoryQuery } from "./inventory.ts";
import { OWNER_SHARE } from "./lease.ts";
import type { Header, Reply } from "./messages.ts";
import { MAX_MEMBERS } from "./member_limits.ts";
import { majority, Tally } from "./quorum.ts";
import type { RegisterId } from "./register.ts";

/** A question of a change, and the node that it goes to. */
export interface ChangeQuestion {
  /** The node that is asked. */
  readonly to: string;
  /** The question. */
  readonly request: { readonly id: number } & ConfigurationRequest;
}

/** A replacement in the configuration register: a compare-and-set, with quorums of `from` at its epoch. */
export interface Replacement {
  /** The configuration that is replaced. */
  readonly from: Configuration;
  /** The next one. */
  readonly to: Configuration;
}

/**
 * The end of a change. `done`: its last configuration is settled. `undone`: the new node was not ready in time, and
 * nothing has changed. `overtaken`: another configuration was chosen. `tooMany`: there are {@linkcode MAX_MEMBERS}
 * members already, and no node was asked.
 */
export type ChangeOutcome = "done" | "undone" | "overtaken" | "tooMany";

/** The phases, in their order; see section 11. */
type Phase =
  | "asking members"
  | "asking the new node"
  | "replacing"
  | "spreading"
  | "copying"
  | "listing"
  | "raising"
  | "rewriting"
  | "ended";

/** A reply to a question of a change, or any other one. */
type ChangeReply = Reply | ({ readonly id: number } & ConfigurationReply);

/** The options of {@linkcode MemberChange}. */
export interface MemberChangeOptions {
  /** The configuration that it begins with. */
  readonly configuration: Configuration;
  /** The change of a settled configuration; `null`: what was begun is finished. */
  readonly change: { readonly add: string } | { readonly remove: string } | null;
  /** The incarnations that this node has heard of, which it tells with a configuration. */
  readonly incarnations: () => KnownIncarnations;
  /** The longest time to live of any session, in milliseconds. */
  readonly maxTtl: number;
  /** How far a reading of the caller's clock may be behind the true time, in milliseconds. */
  readonly clockError: () => number;
  /** Gives a number that this life has never used. */
  readonly nextId: () => number;
}

/**
 * Adds or removes one member, or finishes a change that was begun. It asks the `questions`, again and again; its caller
 * makes the `replacement`, and the identity change of each register of `toRewrite`, both under the `configuration`.
 * Several may work on one change at the same time.
 */
export class MemberChange {
  readonly #options: MemberChangeOptions;
  #configuration: Configuration;
  #phase: Phase;
  #number: number;
  #replacement: Replacement | null = null;
  #outcome: ChangeOutcome | null = null;
  /** The answers of the phase that need no contents. */
  #answers: Tally<Life>;
  /** The life that the new node has to be above. */
  #above: Life = "";
  #inventory: InventoryQuery | null = null;
  #floor = 0;
  #toRewrite = new Set<RegisterId>();
  /** When a majority had the configuration, on the caller's clock. */
  #spreadAt = 0;

  /** Asks nothing before `questions`. */
  constructor(options: MemberChangeOptions) {
    const { change, configuration } = options;
    assertInvariant(
      configuration.settled === (change !== null),
      "a change begins with a settled configuration, and what was begun is finished first",
    );
    this.#options = options;
    this.#configuration = configuration;
    this.#phase = change === null ? "spreading" : "asking members";
    this.#number = options.nextId();
    this.#answers = this.#tally();
    const isFull = configuration.members.length >= MAX_MEMBERS;
    if (change !== null && "add" in change && isFull) this.#end("tooMany");
  }

  /** The configuration that it works under: attempts and quorums are those of its members, at its epoch. */
  get configuration(): Configuration {
    return this.#configuration;
  }

  /** What is to be written into the configuration register; `null`: nothing now. */
  get replacement(): Replacement | null {
    return this.#replacement;
  }

  /** The registers whose identity change is to be run, writing. */
  get toRewrite(): ReadonlySet<RegisterId> {
    return this.#toRewrite;
  }

  /** How it ended; `null`: it goes on. */
  get outcome(): ChangeOutcome | null {
    return this.#outcome;
  }

  /** Whether it asks the new node if it is ready. */
  get isAskingNode(): boolean {
    return this.#phase === "asking the new node";
  }

  /** Whether only the time keeps it from settling its configuration. */
  get isWaiting(): boolean {
    return this.#phase === "rewriting" && this.#toRewrite.size === 0;
  }

  /** Whether it waits for the new node to have copied its memory; `abandon` ends that. */
  get isCopying(): boolean {
    return this.#phase === "copying";
  }

  /** What to ask now, and again after a while. */
  questions(): ChangeQuestion[] {
    const id = this.#number;
    const members = this.#asked().filter((member) => !this.#answers.has(member));
    const toMissing = (request: ConfigurationRequest) =>
      members.map((to) => ({ to, request: { id, ...request } }));
    const { change } = this.#options;
    const configuration = this.#configuration;
    switch (this.#phase) {
      case "asking members":
        if (change === null) return [];
        return toMissing({ type: "incarnationOf", node: nodeOf(change) });
      case "asking the new node":
        if (change === null) return [];
        return [{ to: nodeOf(change), request: { id, type: "stand", above: this.#above } }];
      case "spreading":
        return toMissing(this.#news());
      case "copying": {
        const { joining } = configuration;
        if (joining === null) return [];
        return [{ to: joining.id, request: { id, ...this.#news() } }];
      }
      case "listing":
        return this.#inventory?.questions() ?? [];
      case "raising":
        return toMissing({ type: "raiseFloor", floor: this.#floor });
      default:
        return [];
    }
  }

  /** Takes an answer that came at `now`. */
  receive(
    from: string,
    header: Header,
    reply: ChangeReply,
    now: number,
  ): void {
    if (this.#phase === "asking the new node") return this.#stands(from, header, reply);
    if (this.#phase === "copying") return this.#copied(from, header, reply);
    const sender = countedSender(this.#configuration, from, header);
    if (sender === undefined) return;
    if (this.#phase === "listing") {
      const inventory = this.#inventory?.receive(sender, reply);
      if (inventory === undefined) return;
      this.#floor = inventory.floor;
      this.#toRewrite = new Set(inventory.registers);
      return this.#enter("raising");
    }
    if (reply.id !== this.#number || !this.#asked().includes(from)) return;
    switch (this.#phase) {
      case "asking members":
        if (reply.type !== "known" || !this.#answers.add(sender, reply.incarnation)) return;
        return this.#present();
      case "spreading":
        if (reply.type !== "configured" || !this.#answers.add(sender, "")) return;
        return this.#spread(now);
      case "raising":
        if (reply.type === "raised" && this.#answers.add(sender, "")) this.#enter("rewriting");
    }
  }

  /** The identity change of `register` is chosen. */
  rewritten(register: RegisterId): void {
    this.#toRewrite.delete(register);
  }

  /** Settles the configuration if it is time; to be called again until it ends. */
  tick(now: number): void {
    if (this.#phase !== "rewriting" || this.#toRewrite.size > 0) return;
    const { maxTtl, clockError } = this.#options;
    if (now - this.#spreadAt < maxTtl / OWNER_SHARE + clockError()) return;
    this.#replace(settledOf(this.#configuration));
  }

  /** Gives up to wait for the new node. */
  abandon(): void {
    if (this.#phase === "copying") this.#replace(undone(this.#configuration));
  }

  /** Learns of a configuration that is chosen, by its own replacement or by another node. */
  learn(configuration: Configuration): void {
    if (this.#phase === "ended" || !isNewer(configuration, this.#configuration)) return;
    const isNext = this.#nexts().some((next) => sameConfiguration(configuration, next));
    this.#replacement = null;
    if (!isNext) return this.#end("overtaken");
    const wasJoining = this.#configuration.joining !== null;
    this.#configuration = configuration;
    if (configuration.settled) return this.#end(wasJoining ? "undone" : "done");
    this.#enter("spreading");
  }

  /** The configurations that take this change a step on; another node may finish what was begun. */
  #nexts(): Configuration[] {
    const own = this.#configuration;
    if (own.settled) return this.#replacement === null ? [] : [this.#replacement.to];
    return own.joining === null ? [settledOf(own)] : [admitted(own), undone(own)];
  }

  /** The members have answered that they are there. */
  #present(): void {
    const { change } = this.#options;
    if (change === null) return;
    if ("remove" in change) return this.#replace(withoutMember(this.#configuration, change.remove));
    for (const life of this.#answers.replies) if (life > this.#above) this.#above = life;
    this.#enter("asking the new node");
  }

  #news(): ConfigurationRequest & { type: "configure" } {
    const incarnations = this.#options.incarnations();
    return { type: "configure", configuration: this.#configuration, incarnations };
  }

  #stands(from: string, header: Header, reply: ChangeReply): void {
    const { change } = this.#options;
    if (change === null || reply.id !== this.#number || from !== nodeOf(change)) return;
    const { life, incarnation } = header;
    // An earlier life might be taken for one whose memory is gone.
    if (reply.type !== "standing" || incarnation !== null || life <= this.#above) return;
    this.#replace(joinedBy(this.#configuration, { id: from, life }));
  }

  #spread(now: number): void {
    if (this.#configuration.joining !== null) return this.#enter("copying");
    this.#spreadAt = now;
    const { nextId } = this.#options;
    this.#inventory = new InventoryQuery(votersOf(this.#configuration), nextId);
    this.#enter("listing");
  }

  #copied(from: string, header: Header, reply: ChangeReply): void {
    const { joining, epoch } = this.#configuration;
    if (joining === null || from !== joining.id || reply.id !== this.#number) return;
    // In another life it is not the node that was let in.
    if (header.life !== joining.life) return this.abandon();
    if (reply.type !== "configured" || !reply.copied || header.epoch !== epoch) return;
    this.#replace(admitted(this.#configuration));
  }

  #replace(to: Configuration): void {
    this.#replacement = { from: this.#configuration, to };
    this.#enter("replacing");
  }

  #enter(phase: Phase): void {
    this.#phase = phase;
    this.#number = this.#options.nextId();
    this.#answers = this.#tally();
  }

  #end(outcome: ChangeOutcome): void {
    this.#outcome = outcome;
    this.#toRewrite.clear();
    this.#enter("ended");
  }

  /** The members whose answers count: without the one that is to be removed, which may be down. */
  #asked(): readonly string[] {
    const { change } = this.#options;
    const voters = votersOf(this.#configuration);
    if (this.#phase !== "asking members" || change === null || "add" in change) return voters;
    return voters.filter((id) => id !== change.remove);
  }

  #tally(): Tally<Life> {
    const asked = this.#asked();
    const shares = [{ of: asked, needed: majority(asked.length) }];
    return new Tally(votersOf(this.#configuration), shares);
  }
}

function nodeOf(change: { readonly add: string } | { readonly remove: string }): string {
  return "add" in change ? change.add : change.remove;
}
