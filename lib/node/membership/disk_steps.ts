import type { SynodError } from "../../errors.ts";
import type { Configuration } from "../../paxos/configuration.ts";
import type { DiskEvent } from "../../paxos/disk_start.ts";
import type { Outgoing } from "../../paxos/genesis.ts";
import type {
  GenesisRecord,
  GenesisRequest,
  Header,
  Reply,
  Request,
} from "../../paxos/messages.ts";
import type { KnownIncarnations } from "../../paxos/incarnations.ts";
import type { Voter } from "../../paxos/voter.ts";
import type { Engine } from "../engine/engine.ts";
import type { MemberDisk } from "./member_disk.ts";

/** What follows for the member from what is on its disk. */
export interface DiskActions {
  /** Sends questions. */
  readonly send: (ask: readonly Outgoing[]) => void;
  /** Asks again soon. */
  readonly askSoon: () => void;
  /** Lives under this record and configuration, without a vote. */
  readonly enter: (
    record: GenesisRecord,
    configuration: Configuration,
    incarnations: KnownIncarnations,
  ) => void;
  /** Recovers from the others under this record, unless it does already. */
  readonly recover: (record: GenesisRecord) => void;
  /** Takes no more part in a recovery. */
  readonly endRecovery: () => void;
  /** Votes under the record that is on its disk. */
  readonly start: (record: GenesisRecord, voter: Voter, known: KnownIncarnations) => void;
  /** Begins without a memory. */
  readonly goBlank: () => void;
  /** Goes on as a node that was removed, which keeps its disk until the change is settled. */
  readonly leave: () => void;
  /** Nothing can succeed, as long as the node knows no more. */
  readonly fatal: (error: SynodError) => void;
  /** Another node lists other members. */
  readonly mismatch: (from: string, members: readonly string[]) => void;
  /** Another process has its place. */
  readonly replaced: () => void;
}

/**
 * Announcements without a majority that has noted the life after which a start from a disk asks again what the others live
 * under. Their waits double, so the last ones are a second apart.
 */
const MAX_ANNOUNCED = 10;

/** Carries out what a start from a disk decides, one step after the other: each waits for the disk. */
export class DiskSteps {
  readonly #engine: Engine;
  readonly #disk: MemberDisk;
  readonly #actions: DiskActions;
  #isStoring = false;
  #isStopped = false;
  #announced = 0;
  /** The newest epoch that a member has shown. */
  #epoch = 0;

  /** Does nothing before it is asked to. */
  constructor(engine: Engine, disk: MemberDisk, actions: DiskActions) {
    this.#engine = engine;
    this.#disk = disk;
    this.#actions = actions;
  }

  /** Whether the member waits for its disk, and does nothing before. */
  get isStoring(): boolean {
    return this.#isStoring;
  }

  /** Goes on no more. */
  stop(): void {
    this.#isStopped = true;
  }

  /** What the start from the disk asks now, and what follows; `undefined`: there is none. */
  tick(): { ask: readonly Outgoing[]; event?: DiskEvent } | undefined {
    const { start } = this.#disk;
    if (start === null) return undefined;
    this.#announced = start.isAnnouncing ? this.#announced + 1 : 0;
    if (this.#announced > MAX_ANNOUNCED) start.lookAgain();
    return start.tick();
  }

  /** Answers with what is on the disk, while that is not decided about. */
  answer(from: string, header: Header, request: Request & GenesisRequest): void {
    // Another process under this id cannot have this disk.
    if (from === this.#engine.self) return;
    const reply = this.#disk.start?.answer(from, header, request);
    if (reply !== undefined) this.#engine.reply(from, header.life, { id: request.id, ...reply });
  }

  /**
   * A member that votes has been heard. Returns whether that shows this one, for the first time, that there is a newer
   * configuration than its disk has: it may have been let in.
   */
  hears({ genesis, epoch }: Header): boolean {
    const { memory } = this.#disk;
    if (memory === null || genesis !== memory.record.id || epoch <= this.#epoch) return false;
    this.#epoch = epoch;
    return epoch > memory.configuration.epoch;
  }

  /** Hands a reply to the start from the disk. */
  receive(from: string, header: Header, reply: Reply): void {
    const { start } = this.#disk;
    if (start === null) return;
    const { ask, event } = start.receive(from, header, reply);
    this.#actions.send(ask);
    this.act(event);
  }

  /** Does what the start from the disk says. */
  act(event: DiskEvent | undefined): void {
    const { start, memory } = this.#disk;
    if (event === undefined || start === null) return;
    switch (event.type) {
      case "writeLife":
        return this.store(this.#disk.writeLife(this.#engine.life), () => {
          this.#actions.enter(memory!.record, start.configuration, start.incarnations.all);
          this.#actions.send(start.lifeWritten());
          this.#actions.askSoon();
        });
      case "recover":
        return this.#actions.recover(memory!.record);
      case "announce":
        return this.#actions.endRecovery();
      case "start":
        return this.#actions.start(memory!.record, this.#disk.take(), start.incarnations.all);
      case "follow":
        // Its place follows first, if it has one, and has this start follow.
        if (this.#engine.place === null) return this.follow(event.configuration, event.known);
        return this.#engine.learn(event.configuration, event.known);
      case "putAside":
        this.#actions.endRecovery();
        return this.store(this.#disk.putAside("stale"), () => this.#actions.goBlank());
      case "otherList":
        return this.#actions.fatal(this.#disk.mismatch);
      case "membersMismatch":
        return this.#actions.mismatch(event.node, event.members);
      case "replaced":
        return this.#actions.replaced();
    }
  }

  /** Begins the start again under a newer configuration. */
  follow(configuration: Configuration, known: KnownIncarnations): void {
    this.#engine.believe(configuration);
    if (this.#disk.start?.follow(configuration, known)) return this.#actions.askSoon();
    // It was removed, or what is on the disk is of an earlier admission.
    if (configuration.leaving?.id !== this.#engine.self) {
      return this.act({ type: "putAside", why: "stale" });
    }
    this.#actions.endRecovery();
    this.#disk.leave();
    this.#actions.leave();
  }

  /** Does nothing until the disk has done its part, and then goes on. */
  store(stored: Promise<void>, next: () => void): void {
    this.#isStoring = true;
    const goOn = () => {
      this.#isStoring = false;
      if (!this.#isStopped) this.#engine.guard(next);
    };
    stored.then(goOn, (error) =>
      this.#engine.guard(() => {
        throw error;
      }));
  }
}
