import type { Life } from "../../../lib/paxos/ballot.ts";
import type { Configuration } from "../../../lib/paxos/configuration.ts";
import type {
  ConfigurationReply,
  ConfigurationRequest,
} from "../../../lib/paxos/configuration_messages.ts";
import type { ConfigurationNews, KnownIncarnations } from "../../../lib/paxos/incarnations.ts";
import type {
  GenesisReply,
  GenesisRequest,
  Header,
  RegisterReply,
  RegisterRequest,
  SessionReply,
  SessionRequest,
  StoredRegister,
} from "../../../lib/paxos/messages.ts";
import type { Place, PlaceEvent } from "../../../lib/paxos/place.ts";
import type { Recovery, RecoveryEvent } from "../../../lib/paxos/recovery.ts";
import type { State } from "../../../lib/paxos/register.ts";
import type { Actor } from "../automaton.ts";
import { FIRST_NUMBER, textOf } from "../fingerprint.ts";
import { headerOf } from "../headers.ts";
import type { Paxos } from "../paxos.ts";

/** The time to live of all sessions, in the units of the model. */
export const TTL = 2;

/** A request about registers or sessions. */
export type VoteRequest = RegisterRequest | SessionRequest;

/** A question of recovery, without its numbers: the answer comes at once. */
export type RecoveryQuestion = Exclude<GenesisRequest, { type: "enquire" }>;

/** An input of a member; `now` is its clock. */
export type MemberInput =
  /** It starts: with its memory, if it is a member of `configuration`, or blank. */
  | { do: "boot"; life: Life; configuration: Configuration | null; remembers: boolean }
  /** It learns of a configuration from a node that tells what it has heard of. */
  | { do: "hear"; news: ConfigurationNews }
  /** A node asks for its vote. */
  | { do: "vote"; epoch: number; request: VoteRequest; now: number; from: string }
  /** A node that changes the members asks. */
  | { do: "change"; epoch: number; request: ConfigurationRequest }
  /** A member that recovers asks. */
  | { do: "help"; from: string; header: Header; request: RecoveryQuestion; now: number }
  /** A member answers the question of its recovery. */
  | { do: "helped"; from: string; header: Header; reply: GenesisReply; now: number }
  /** The following are for members with disks only. It starts with what is on its disk. */
  | { do: "start"; life: Life }
  | { do: "stop" }
  /** Its disk is lost while it is down. */
  | { do: "lose" }
  /** Its disk becomes what it was when its process started last. */
  | { do: "rollBack" }
  /** Its round of questions ends. */
  | { do: "tick" }
  /** A member that starts from its disk asks. */
  | { do: "asked"; from: string; header: Header; request: GenesisRequest }
  /** A node answers the question of its start. */
  | { do: "told"; from: string; header: Header; reply: GenesisReply };

/** A reply of a member. */
export type AnyReply = RegisterReply | SessionReply | ConfigurationReply | GenesisReply;

/** An output of a member. */
export interface MemberOutput {
  readonly header: Header;
  readonly reply: AnyReply;
}

/** What other parts need to know of a member. */
export interface MemberAttributes {
  readonly life: Life;
  readonly configuration: Configuration | null;
  /** What it tells; `null`: it knows no configuration. */
  readonly news: ConfigurationNews | null;
  readonly header: Header;
  /** The questions of its recovery, without numbers. */
  readonly asks: readonly { readonly to: string; readonly request: RecoveryQuestion }[];
  readonly closed: boolean;
  /** `null`: it has none, and is not one that may have. */
  readonly disk: DiskAttributes | null;
}

/** What other parts need to know of a member that may have a disk. */
export interface DiskAttributes {
  readonly votes: boolean;
  /** The questions of its start, without numbers. */
  readonly questions: readonly { readonly to: string; readonly request: GenesisRequest }[];
  readonly canTick: boolean;
  readonly content: MemberDisk | null;
  readonly backup: MemberDisk | null;
  /** The life in which it last became operational; what is older on a disk is from before that. */
  readonly operationalSince: Life;
  /** Whether enough others have that life on their disks. */
  readonly isKnown: boolean;
  /** Whether it became operational with copies. */
  readonly recovered: boolean;
  /** Whether it has put aside what is its memory by the configuration that it knew then. */
  readonly wasMemory: boolean;
}

/** What is on a disk. */
export interface MemberDisk {
  readonly incarnation: Life;
  readonly known: KnownIncarnations;
  readonly configuration: Configuration;
  readonly registers: readonly StoredRegister[];
  readonly floor: number;
}

/** The same news, however they were gathered. */
export function sorted({ configuration, incarnations }: ConfigurationNews): ConfigurationNews {
  const known = [...incarnations].sort(([a], [b]) => a < b ? -1 : 1);
  return { configuration, incarnations: known };
}

/** The configuration in a state of its register. */
export function configurationIn(state: State): Configuration | null {
  return state.present ? JSON.parse(textOf(state.value)) : null;
}

/** A node that may be a member: the machines that ship, connected as in `lib/node`. */
export class Member implements Actor<MemberInput, MemberOutput> {
  readonly #paxos: Paxos;
  readonly #self: string;
  life: Life = "";
  place: Place | null = null;
  recovery: Recovery | null = null;
  /** The questions of the recovery, by the nodes that they go to. */
  asking: { to: string; request: RecoveryQuestion & { id: number } }[] = [];
  closed = false;
  #numbers = FIRST_NUMBER;

  /** A node that does not run yet. */
  constructor(paxos: Paxos, self: string) {
    this.#paxos = paxos;
    this.#self = self;
  }

  /** The machines under test. */
  get paxos(): Paxos {
    return this.#paxos;
  }

  /** Its id. */
  get self(): string {
    return this.#self;
  }

  /** A number that this life has never used. */
  nextNumber(): number {
    return ++this.#numbers;
  }

  get attributes(): MemberAttributes {
    const { life, place, asking, closed } = this;
    const asks = asking.map(({ to, request }) => ({ to, request: withoutNumbers(request) }));
    const configuration = place?.configuration ?? null;
    const news = place && sorted(place.news);
    return { life, configuration, news, header: this.header(), asks, closed, disk: null };
  }

  handle(input: MemberInput): MemberOutput[] {
    if (input.do === "boot") return this.boot(input);
    if (this.closed) return [];
    const reply = this.answer(input);
    this.asking = (this.recovery?.tick() ?? []) as typeof this.asking;
    return reply === undefined || this.closed ? [] : [{ header: this.header(), reply }];
  }

  boot({ life, configuration, remembers }: MemberInput & { do: "boot" }): MemberOutput[] {
    Object.assign(this, new Member(this.#paxos, this.#self), { life });
    if (configuration === null) return [];
    this.place = new this.#paxos.Place(this.#self, life, configuration);
    if (!remembers) return [];
    const voter = new this.#paxos.Voter(RECORD, life, this.settings());
    this.place.remember(voter, []);
    return [];
  }

  answer(input: Exclude<MemberInput, { do: "boot" }>): AnyReply | undefined {
    if (input.do === "hear") return this.learn(input.news);
    const { place } = this;
    if (place === null) return undefined;
    switch (input.do) {
      case "vote": {
        const verdict = place.judge({ epoch: input.epoch });
        if (verdict === "tell") {
          return { type: "newerConfiguration", ...sorted(place.news) };
        }
        if (verdict === "ask" || place.voter === null) return undefined;
        const request = { id: 0, ...input.request };
        const from = { node: input.from, life: input.from };
        const { reply } = place.voter.handle(request, from, input.now);
        return reply && (withoutNumber(reply) as AnyReply);
      }
      case "change":
        return this.#change(input);
      case "help": {
        const { from, header, request } = input;
        this.act(place.hear(from, header));
        const { helper } = place;
        if (this.closed || helper === null) return undefined;
        return this.#paxos.help(helper, from, header, request, input.now, configurationIn);
      }
      case "helped":
        return this.#helped(input);
    }
    return undefined;
  }

  #change({ epoch, request }: MemberInput & { do: "change" }): AnyReply | undefined {
    const place = this.place!;
    if (request.type === "configure") this.learn(request);
    const answer = () => this.#paxos.answerChange(place, this.life, { epoch }, request);
    const reply = answer();
    if (reply !== "changeLife") return reply;
    this.takeLife((request as { above: Life }).above + "+");
    return answer() as ConfigurationReply;
  }

  learn({ configuration, incarnations }: ConfigurationNews): undefined {
    if (this.place !== null) return this.act(this.place.learn(configuration, incarnations));
    this.place = new this.#paxos.Place(this.#self, this.life, configuration, incarnations);
    if (this.place.standing === "recovers") this.act("recover");
  }

  #helped({ from, header, reply, now }: MemberInput & { do: "helped" }): undefined {
    const asked = this.asking.find(({ to }) => to === from)?.request;
    if (this.recovery === null || asked === undefined) return;
    if (header.genesis === RECORD.id) this.act(this.place!.hear(from, header));
    if (this.closed || this.recovery === null) return;
    const { id } = asked;
    const announcement = asked.type === "transfer" ? asked.announcement : 0;
    const numbered = { ...reply, id, ...("announcement" in reply && { announcement }) };
    const { event } = this.recovery.receive(from, header, numbered as never);
    this.actOnRecovery(event, now);
  }

  act(event: PlaceEvent | undefined): undefined {
    switch (event) {
      case "recover":
      case "join":
        this.recovery = this.newRecovery();
        return;
      case "retired":
        this.recovery = null;
        return;
      case "replaced":
        Object.assign(this, new Member(this.#paxos, this.#self), { closed: true });
    }
  }

  /** A recovery under the present configuration, in the present life. */
  newRecovery(): Recovery {
    return new this.#paxos.Recovery({
      self: this.#self,
      configuration: this.place!.configuration,
      life: this.life,
      genesis: RECORD.id,
      nextId: () => this.nextNumber(),
      lifeAfter: (life) => `${life}+`,
      isItsTurn: () => true,
      readConfiguration: configurationIn,
    });
  }

  actOnRecovery(event: RecoveryEvent | undefined, now: number): void {
    switch (event?.type) {
      case "changeLife":
        return this.takeLife(event.life);
      case "replaced":
        return this.act("replaced");
      case "recovered": {
        const { memory } = event;
        this.recovery = null;
        const voter = this.#paxos.Voter.recovered(RECORD, memory, this.settings(), now);
        this.act(this.place!.remember(voter, memory.known));
      }
    }
  }

  takeLife(life: Life): void {
    this.life = life;
    this.place!.changeLife(life);
    // In another life it is not the node that was let in.
    if (this.place!.standing === "outside") this.recovery = null;
  }

  settings() {
    return { members: [], maxKeys: 10, maxBytes: Infinity };
  }

  header(): Header {
    const { life, place } = this;
    const genesis = RECORD.id;
    if (place === null) {
      return { life, clock: 0, genesis, epoch: 0, incarnation: null, vector: [] };
    }
    return headerOf(life, genesis, place);
  }
}

/** The genesis of all scopes. */
export const RECORD = { id: "g", lives: [], floor: 0, maxTtl: TTL, clients: true };

function withoutNumber({ id: _, ...reply }: { id: number }): object {
  return reply;
}

function withoutNumbers(request: RecoveryQuestion & { id: number }): RecoveryQuestion {
  const { id: _, ...rest } = request;
  return rest.type === "transfer" ? { ...rest, announcement: 0 } : rest;
}
