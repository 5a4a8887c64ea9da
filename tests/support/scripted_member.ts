import { assertEquals } from "@std/assert";
import { decodeFrame, encodeFrame } from "../../lib/codec.ts";
import { checkOptions } from "../../lib/cluster/join_options.ts";
import type { EngineHandlers } from "../../lib/node/engine/dispatcher.ts";
import { Engine } from "../../lib/node/engine/engine.ts";
import { Membership } from "../../lib/node/membership/membership.ts";
import type { Runtime } from "../../lib/node/runtime/runtime.ts";
import type { Life } from "../../lib/paxos/ballot.ts";
import type { GenesisRequest, Header, Reply, Request } from "../../lib/paxos/messages.ts";
import { VirtualTime } from "./virtual_time.ts";
import { life } from "./scripted_node.ts";

export const MEMBERS = ["a", "b", "c"];

/** Member b, whose messages a test delivers. */
export class ScriptedMember {
  readonly time = new VirtualTime();
  readonly engine: Engine;
  readonly membership: Membership;
  /** The events, in order. */
  readonly events: string[] = [];
  hasQuorum = false;
  wall = 0;
  readonly #sent: { readonly to: string; readonly frame: ReturnType<typeof decoded> }[] = [];

  constructor(options: { afterMajorityLoss?: "restart" | "wait" } = {}) {
    const transport = { open() {}, send() {}, close() {} };
    const settings = checkOptions({ ...options, id: "b", members: MEMBERS, transport });
    const runtime: Runtime = { ...this.time.runtime, wallNow: () => this.wall };
    const send = (to: string, frame: Uint8Array) =>
      void this.#sent.push({ to, frame: decoded(frame) });
    const nothing = () => {};
    const handlers: EngineHandlers = {
      genesis: (from, header, request) => this.membership.answer(from, header, request),
      change: (from, header, request) => this.membership.answerChange(from, header, request),
      moved: (event) => this.membership.moved(event),
      handover: () => Promise.reject(new Error("no puts are handed over")),
      asked: nothing,
      otherGenesis: nothing,
      notAMember: nothing,
      replaced: () => void this.events.push("replaced"),
      memberVotes: nothing,
      memberRestarted: nothing,
      heard: nothing,
      tookLife: nothing,
      otherVersion: nothing,
      failed: nothing,
      broken: nothing,
    };
    this.engine = new Engine(
      settings,
      runtime,
      life(5),
      { send, reachability: () => "direct" },
      handlers,
    );
    this.membership = new Membership(this.engine, {
      entered: (again) => this.events.push(again ? "entered again" : "entered"),
      operational: () => this.events.push("operational"),
      outside: () => this.events.push("outside"),
      removed: () => this.events.push("removed"),
      changed: () => this.events.push(`members ${this.engine.members.join("")}`),
      reborn: () => this.events.push("reborn"),
      gaveUp: () => this.events.push("gaveUp"),
      recovering: (member) => this.events.push(`${member} recovers`),
      otherList: (error) => this.events.push(error.code),
      replaced: () => this.events.push("replaced"),
    }, () => this.hasQuorum);
  }

  /** The next request of these types to `to`; earlier messages are lost. */
  async next(to: string, ...types: string[]): Promise<{ header: Header; request: Request }> {
    for (let i = 0; i < 100; i++) {
      for (let j = 0; j < 20; j++) await Promise.resolve();
      for (const one of this.#sent.splice(0).reverse()) {
        if (one.to !== to) continue;
        const request = one.frame.requests.findLast(({ type }) => types.includes(type));
        if (request !== undefined) return { header: one.frame.header, request };
      }
      await this.time.pass(100);
    }
    throw new Error(`it asks ${to} for no ${types.join(" or ")}`);
  }

  /** A reply of `from` reaches it. */
  answer(from: string, header: Partial<Header>, reply: Reply): void {
    const full = { ...HEADER, ...header };
    this.engine.receive(
      from,
      encodeFrame({ header: full, requests: [], repliesTo: this.engine.life, replies: [reply] }),
      this.engine.runtime.now(),
    );
  }

  /** A request of `from` reaches it. */
  async ask(from: string, asker: Life, request: GenesisRequest & { id: number }): Promise<Reply[]> {
    for (let j = 0; j < 20; j++) await Promise.resolve();
    this.#sent.length = 0;
    const header = { ...HEADER, life: asker };
    this.engine.receive(
      from,
      encodeFrame({ header, requests: [request], repliesTo: null, replies: [] }),
      this.engine.runtime.now(),
    );
    for (let j = 0; j < 20; j++) await Promise.resolve();
    return this.#sent.filter(({ to }) => to === from).flatMap(({ frame }) => [...frame.replies]);
  }

  /** Recovering under a record that names other lives, whose answers so far have arrived. */
  async recovering(): Promise<this> {
    this.membership.start();
    const { request } = await this.next("a", "enquire");
    const lives = [life(1), life(1), life(1)];
    const record = { id: "g", lives, floor: 0, maxTtl: 5_000, clients: false };
    const reply = { id: request.id, type: "record", members: MEMBERS, record } as const;
    this.answer("a", { genesis: "g", incarnation: life(1), vector: lives }, reply);
    assertEquals(this.membership.state, "recovering");
    return this;
  }

  /** Operational in the first life, under a record of a. */
  async operational(): Promise<this> {
    this.membership.start();
    const record = {
      id: "g",
      lives: [life(1), life(5), life(1)],
      floor: 0,
      maxTtl: 5_000,
      clients: false,
    };
    // It adopts only a record that names the life in which it answered a's second round.
    await this.ask("a", life(1), enquiry("genesis", 2));
    const { request } = await this.next("a", "enquire");
    this.answer("a", { genesis: "g", incarnation: life(1), vector: record.lives }, {
      id: request.id,
      type: "record",
      members: MEMBERS,
      record,
    });
    assertEquals(this.membership.state, "operational");
    this.events.length = 0;
    return this;
  }
}

export const HEADER: Header = {
  life: life(1),
  clock: 0,
  genesis: null,
  epoch: 0,
  incarnation: null,
  vector: [],
};

export function enquiry(
  purpose: "record" | "genesis" | "givingUp",
  round: 1 | 2,
): GenesisRequest & { id: number } {
  return { id: 77, type: "enquire", members: MEMBERS, purpose, round };
}

function decoded(bytes: Uint8Array) {
  const frame = decodeFrame(bytes);
  if (!frame.ok) throw new Error("not a frame");
  return frame.frame;
}

/** The reply `blank` of a member that has lost its memory. */
export const blank = (id: number): Reply => (
  { id, type: "blank", members: MEMBERS, wall: 0, recovering: false }
);

/** The header of a voting member, under the record of {@linkcode ScriptedMember.recovering}. */
export const HELPER: Partial<Header> = {
  genesis: "g",
  incarnation: life(1),
  vector: [life(1), life(1), life(1)],
};

/** a and c answer the question of `script` for its incarnation with `incarnation`. */
export async function known(script: ScriptedMember, incarnation: Life): Promise<void> {
  const { request } = await script.next("a", "incarnation");
  for (const from of ["a", "c"]) {
    script.answer(from, HELPER, { id: request.id, type: "known", incarnation });
  }
}
