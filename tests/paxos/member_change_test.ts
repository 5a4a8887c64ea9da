// Runs in Deno alone: pure.
import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  admitted,
  type Configuration,
  firstConfiguration,
  joinedBy,
  settledOf,
  undone,
  votersOf,
  withoutMember,
} from "../../lib/paxos/configuration.ts";
import type { ConfigurationReply } from "../../lib/paxos/configuration_messages.ts";
import type { KnownIncarnations } from "../../lib/paxos/incarnations.ts";
import { InvariantError } from "../../lib/paxos/invariant.ts";
import {
  type ChangeQuestion,
  MemberChange,
  type MemberChangeOptions,
} from "../../lib/paxos/member_change.ts";
import { MAX_MEMBERS } from "../../lib/paxos/member_limits.ts";

const FIRST = firstConfiguration(["a", "b", "c"], ["1", "1", "1"]);
const LESS = withoutMember(FIRST, "a");
const MAX_TTL = 950;

/** A change that a test answers by hand. */
class Script {
  readonly change: MemberChange;
  now = 0;
  incarnations: KnownIncarnations = [];
  clockError = 0;
  #ids = 0;

  constructor(change: MemberChangeOptions["change"], configuration: Configuration = FIRST) {
    const nextId = () => ++this.#ids;
    this.change = new MemberChange({
      ...{ configuration, change, maxTtl: MAX_TTL, nextId },
      incarnations: () => this.incarnations,
      clockError: () => this.clockError,
    });
  }

  /** The questions as text. */
  get asks(): string[] {
    return this.change.questions().map(({ to, request }) => `${request.type} ${to}`);
  }

  /** The members that are asked for their registers, and where their lists go on. */
  get inventory(): string[] {
    return this.change.questions().map(({ to, request }) => {
      return `${to} after ${"after" in request ? request.after : "?"}`;
    });
  }

  /** Node `from` answers its question; `life` is its own. */
  answer(
    from: string,
    reply: ConfigurationReply,
    header: { life?: string; epoch?: number; incarnation?: string | null; vector?: string[] } = {},
  ): this {
    const { configuration } = this.change;
    const asked = this.change.questions().find(({ to }) => to === from);
    const life = header.life ?? "1";
    const whole = { clock: 0, genesis: "g", epoch: configuration.epoch, vector: [], ...header };
    const incarnation = header.incarnation === undefined ? life : header.incarnation;
    const id = asked?.request.id ?? 0;
    this.change.receive(from, { ...whole, life, incarnation }, { id, ...reply }, this.now);
    return this;
  }

  /** What is to be written is chosen. */
  write(): this {
    this.change.learn(this.change.replacement!.to);
    return this;
  }

  /** A majority has the configuration, lists no registers, and has raised its floor. */
  sweep(): this {
    const two = votersOf(this.change.configuration).slice(0, 2);
    for (const one of two) this.answer(one, { type: "configured", copied: false });
    for (const one of two) this.answer(one, { type: "inventoried", registers: [], floor: 5 });
    for (const one of two) this.answer(one, { type: "raised" });
    return this;
  }
}

const known = (incarnation: string) => ({ type: "known", incarnation }) as const;
const CONFIGURED = { type: "configured", copied: false } as const;

describe("MemberChange: a node is added (section 11)", () => {
  const asked = () => new Script({ add: "d" }).answer("a", known("")).answer("b", known("3"));

  it("asks the members first: a majority has to be there, and tells the lives of that node", () => {
    const script = new Script({ add: "d" });
    assertEquals(script.asks, ["incarnationOf a", "incarnationOf b", "incarnationOf c"]);
    script.answer("a", known("")).answer("a", known(""));
    assertEquals(script.asks, ["incarnationOf b", "incarnationOf c"]);
    script.answer("b", known("3"));
    assertEquals(script.change.questions(), [
      { to: "d", request: { id: 2, type: "stand", above: "3" } },
    ]);
  });

  it("then the node itself, which has no memory and lives in a life above these", () => {
    for (
      const header of [{ life: "3" }, { life: "4", incarnation: "4" }, { life: "2" }]
    ) {
      const script = asked().answer("d", { type: "standing" }, { incarnation: null, ...header });
      assertEquals(script.change.replacement, null);
    }
    const script = asked().answer("d", { type: "standing" }, { life: "4", incarnation: null });
    assertEquals(script.change.replacement, {
      from: FIRST,
      to: joinedBy(FIRST, { id: "d", life: "4" }),
    });
  });

  const joins = () =>
    asked().answer("d", { type: "standing" }, { life: "4", incarnation: null }).write();

  it("waits for its copy once a majority knows that it joins, and admits it in that life alone", () => {
    const script = joins();
    assertEquals(script.asks, ["configure a", "configure b", "configure c"]);
    script.answer("a", CONFIGURED).answer("b", CONFIGURED, { epoch: 0 });
    assertEquals(script.change.isCopying, false);
    script.answer("b", CONFIGURED);
    assertEquals([script.change.isCopying, script.asks], [true, ["configure d"]]);
    const joined = { life: "4", incarnation: null };
    script.answer("d", CONFIGURED, joined);
    script.answer("d", { type: "configured", copied: true }, { ...joined, epoch: 0 });
    assertEquals(script.change.replacement, null);
    script.answer("d", { type: "configured", copied: true }, joined);
    assertEquals(votersOf(script.change.replacement!.to), ["a", "b", "c", "d"]);
  });

  it("tells the configuration with what it has heard of until then", () => {
    const script = joins();
    const told = () =>
      script.change.questions().map(({ request }) =>
        "incarnations" in request && request.incarnations
      );
    script.incarnations = [["a", "2"]];
    assertEquals(told(), new Array(3).fill([["a", "2"]]));
    script.answer("a", CONFIGURED).answer("b", CONFIGURED);
    script.incarnations = [["a", "3"]];
    assertEquals(told(), [[["a", "3"]]]);
  });

  it("undoes it if the node lives in another life, or is not ready in time", () => {
    const ends = [
      (script: Script) => script.answer("d", CONFIGURED, { life: "5", incarnation: null }),
      (script: Script) => {
        script.change.abandon();
        return script;
      },
    ];
    for (const end of ends) {
      const script = end(joins().answer("a", CONFIGURED).answer("b", CONFIGURED)).write();
      assertEquals(script.change.outcome, "undone");
      assertEquals([script.change.configuration.epoch, script.asks], [2, []]);
    }
  });

  it("spreads, sweeps and settles what admits it", () => {
    const script = joins().answer("a", CONFIGURED).answer("b", CONFIGURED);
    script.answer("d", { type: "configured", copied: true }, { life: "4", incarnation: null });
    script.write();
    script.answer("a", CONFIGURED).answer("b", CONFIGURED);
    assertEquals(script.asks, ["configure c", "configure d"]);
    script.answer("d", CONFIGURED, { life: "4" });
    assertEquals(script.asks.map((ask) => ask.split(" ")[0]), Array(4).fill("inventory"));
  });
});

describe("MemberChange: a member is removed", () => {
  const removed = () =>
    new Script({ remove: "a" }).answer("b", known("1")).answer("c", known("1")).write();

  it("a majority of those that stay has to be there, the removed one need not", () => {
    const script = new Script({ remove: "a" });
    assertEquals(script.asks, ["incarnationOf b", "incarnationOf c"]);
    script.answer("b", known("1"));
    script.answer("a", known("1"));
    assertEquals(script.change.replacement, null);
    script.answer("c", known("1"));
    assertEquals(script.change.replacement, { from: FIRST, to: LESS });
  });

  it("lists the registers of a quorum after it has spread, raises the floor, and has all rewritten", () => {
    const script = removed();
    assertEquals(script.asks, ["configure b", "configure c"]);
    script.answer("b", CONFIGURED).answer("c", CONFIGURED);
    script.answer("b", { type: "inventoried", registers: ["k2"], floor: null });
    assertEquals(script.inventory, ["b after k2", "c after "]);
    script.answer("b", { type: "inventoried", registers: ["k3"], floor: 7 });
    script.answer("c", { type: "inventoried", registers: ["k1", "k2"], floor: 5 });
    const raise = ({ request }: ChangeQuestion) => "floor" in request ? request.floor : null;
    assertEquals(script.change.questions().map(raise), [7, 7]);
    assertEquals([...script.change.toRewrite], ["k1", "k2", "k3"]);
    script.answer("b", { type: "raised" }).answer("c", { type: "raised" });
    assertEquals(script.asks, []);
    script.now = 10_000;
    for (const register of ["k1", "k2", "k3"]) {
      script.change.tick(script.now);
      assertEquals(script.change.replacement, null);
      script.change.rewritten(register);
    }
    script.change.tick(script.now);
    assertEquals(script.change.replacement, { from: LESS, to: settledOf(LESS) });
    assertEquals(script.write().change.outcome, "done");
  });

  it("a list of two incarnations of a member is none", () => {
    const script = removed().answer("b", CONFIGURED).answer("c", CONFIGURED);
    script.answer("b", { type: "inventoried", registers: ["k2"], floor: null });
    script.answer("b", { type: "inventoried", registers: ["k3"], floor: 7 }, { life: "2" });
    assertEquals(script.inventory, ["b after ", "c after "]);
  });

  it("settles no sooner than the longest session after it has spread", () => {
    const script = removed();
    script.now = 5_000;
    script.sweep();
    script.change.tick(5_999);
    assertEquals(script.change.replacement, null);
    script.change.tick(6_000);
    assertEquals(script.change.replacement?.to.settled, true);
  });

  it("waits longer on a clock that may be behind", () => {
    const script = removed();
    script.clockError = 200;
    script.sweep().change.tick(1_199);
    assertEquals(script.change.replacement, null);
    script.change.tick(1_200);
    assertEquals(script.change.replacement?.to.settled, true);
  });

  it("answers of another epoch, of a node without a memory, and from before a crash do not count", () => {
    const script = removed();
    script.answer("b", CONFIGURED, { epoch: 0 }).answer("b", CONFIGURED, { incarnation: null });
    script.answer("b", CONFIGURED).answer("c", CONFIGURED, { vector: ["2", "1"] });
    assertEquals(script.asks, ["configure b"]);
    script.answer("b", CONFIGURED, { life: "2" });
    assertEquals(script.asks, ["inventory b", "inventory c"]);
  });
});

describe("MemberChange: others", () => {
  it("what was begun is finished from its spreading on", () => {
    const script = new Script(null, LESS);
    assertEquals(script.asks, ["configure b", "configure c"]);
    script.sweep().change.tick(MAX_TTL / 0.95);
    assertEquals(script.change.replacement?.to, settledOf(LESS));
    const joining = new Script(null, joinedBy(FIRST, { id: "d", life: "4" }));
    joining.answer("a", CONFIGURED).answer("b", CONFIGURED);
    assertEquals(joining.asks, ["configure d"]);
  });

  it("ends when another configuration is chosen, also another one of the same epoch", () => {
    for (const other of [withoutMember(FIRST, "b"), settledOf(withoutMember(FIRST, "a"))]) {
      const script = new Script({ remove: "a" }).answer("b", known("1")).answer("c", known("1"));
      script.change.learn(FIRST);
      assertEquals(script.change.outcome, null);
      script.change.learn(other);
      assertEquals([script.change.outcome, script.change.replacement], ["overtaken", null]);
      assertEquals(script.asks, []);
    }
  });

  it("goes on if another node takes the same step, and is done if that settles it", () => {
    const script = new Script(null, LESS);
    script.change.learn(settledOf(LESS));
    assertEquals([script.change.outcome, script.asks], ["done", []]);
    const joined = joinedBy(FIRST, { id: "d", life: "4" });
    const copying = new Script(null, joined);
    copying.change.learn(admitted(joined));
    assertEquals(copying.asks, ["configure a", "configure b", "configure c", "configure d"]);
    const given = new Script(null, joined);
    given.change.learn(undone(joined));
    assertEquals(given.change.outcome, "undone");
    const other = new Script(null, joined);
    other.change.learn(admitted(joinedBy(FIRST, { id: "d", life: "5" })));
    assertEquals(other.change.outcome, "overtaken");
  });

  it("asks no node if there are as many members as there may be", () => {
    const many = (count: number) => {
      const ids = Array.from({ length: count }, (_, index) => `m${index}`);
      return firstConfiguration(ids, ids.map(() => "1"));
    };
    const full = new Script({ add: "d" }, many(MAX_MEMBERS));
    assertEquals([full.change.outcome, full.asks], ["tooMany", []]);
    assertEquals(new Script({ remove: "m0" }, many(MAX_MEMBERS)).asks.length, MAX_MEMBERS - 1);
    assertEquals(new Script({ add: "d" }, many(MAX_MEMBERS - 1)).change.outcome, null);
  });

  it("nothing begins before the last change is settled", () => {
    assertThrows(() => new Script({ remove: "b" }, LESS), InvariantError);
    assertThrows(() => new Script(null, FIRST), InvariantError);
  });
});
