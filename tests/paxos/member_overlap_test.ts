import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { firstConfiguration } from "../../lib/paxos/configuration.ts";
import { Incarnations } from "../../lib/paxos/incarnations.ts";
import type { Header, Request } from "../../lib/paxos/messages.ts";
import { majority, Tally } from "../../lib/paxos/quorum.ts";
import { help, Recovery } from "../../lib/paxos/recovery.ts";
import { Voter } from "../../lib/paxos/voter.ts";
import { accept, value } from "./support/acceptor_script.ts";

/** One process of a voting member. */
interface Process {
  readonly member: string;
  readonly voter: Voter;
  readonly vector: Incarnations;
}

/**
 * Members of which one may have two processes at the same time; the test chooses the receivers of each message.
 */
class Overlap {
  readonly members: readonly string[];
  readonly #record;
  readonly #settings;
  #numbers = 0;

  constructor(members: readonly string[]) {
    this.members = members;
    this.#record = {
      id: "g",
      lives: members.map(() => "1"),
      floor: 0,
      maxTtl: 5_000,
      clients: false,
    };
    this.#settings = { members, maxKeys: 100, maxBytes: Infinity };
  }

  /** The first process of `member`. */
  first(member: string): Process {
    const vector = this.#vector();
    return { member, voter: new Voter(this.#record, "1", this.#settings), vector };
  }

  /**
   * Another process of `member` recovers; only `helpers` hear it. Returns `undefined` if it waits for others.
   */
  comesBack(member: string, life: string, helpers: readonly Process[]): Process | undefined {
    const recovery = new Recovery({
      self: member,
      configuration: this.#configuration,
      life,
      genesis: "g",
      nextId: () => ++this.#numbers,
      lifeAfter: (other) => `${other}+`,
      isItsTurn: () => true,
      readConfiguration: () => null,
    });
    const asker = this.#header(life, null, []);
    const ask = (to: Process, request: Request) => {
      if (request.type !== "incarnation" && request.type !== "transfer") throw new Error("what?");
      const helper = {
        voter: to.voter,
        configuration: this.#configuration,
        incarnations: to.vector,
      };
      const reply = help(helper, member, asker, request, 0, () => null)!;
      const { incarnation } = to.voter;
      const header = this.#header(incarnation, incarnation, to.vector.entries);
      return recovery.receive(to.member, header, { id: request.id, ...reply });
    };
    // First the question for incarnations, then the announcement.
    for (let round = 0; round < 2; round++) {
      for (const helper of helpers) {
        const question = recovery.tick().find(({ to }) => to === helper.member);
        if (question === undefined) continue;
        const { event } = ask(helper, question.request);
        if (event?.type !== "recovered") continue;
        const { memory } = event;
        const vector = this.#vector();
        vector.raiseAll(memory.known);
        return { member, voter: Voter.recovered(this.#record, memory, this.#settings, 0), vector };
      }
    }
    return undefined;
  }

  /** Whether a write at this ballot is chosen if only these processes receive it. */
  writes(at: string, processes: readonly Process[]): boolean {
    const tally = new Tally<true>(this.members);
    for (const { member, voter, vector } of processes) {
      const request = { id: 1, ...accept(at, value("v", 7)) };
      const { reply } = voter.handle(request, { node: "p", life: "p" }, 0);
      const sender = { member, incarnation: voter.incarnation, vector: vector.entries };
      if (reply?.type === "accepted") tally.add(sender, true);
    }
    return tally.reached;
  }

  /** The state that a quorum reports if only these processes are asked; `undefined`: they are no quorum. */
  reads(processes: readonly Process[]): "nothing" | "a value" | undefined {
    const tally = new Tally<boolean>(this.members);
    for (const { member, voter, vector } of processes) {
      const request = { id: 2, type: "read", register: "k1" } as const;
      const { reply } = voter.handle(request, { node: "p", life: "p" }, 0);
      if (reply?.type !== "current") throw new Error("no answer");
      const sender = { member, incarnation: voter.incarnation, vector: vector.entries };
      if (!tally.add(sender, reply.accepted !== null)) continue;
      return tally.replies.includes(true) ? "a value" : "nothing";
    }
    return undefined;
  }

  get #configuration() {
    return firstConfiguration(this.members, this.#record.lives);
  }

  #vector(): Incarnations {
    const vector = new Incarnations();
    vector.follow(this.#configuration);
    return vector;
  }

  #header(life: string, incarnation: string | null, vector: readonly string[]): Header {
    return { life, clock: 0, genesis: "g", epoch: 0, incarnation, vector };
  }
}

/** All selections of `count` of `items`, in order. */
function picks<T>(items: readonly T[], count: number): T[][] {
  if (count === 0) return [[]];
  return items.flatMap((item, index) =>
    picks(items.slice(index + 1), count - 1).map((rest) => [item, ...rest])
  );
}

/** The results of all histories in which a returns, a write is tried, b returns, and a quorum reads. */
interface Outcome {
  /** Histories in which both came back, and the write was chosen. */
  readonly chosen: number;
  /** Those in which a quorum does not report it, each by its steps. */
  readonly lost: readonly string[];
}

/**
 * Visits all histories of a list of `count` members. The older process of a still runs, and each step reaches
 * as few members as it needs, in every selection.
 */
function search(count: number): Outcome {
  const names = [..."abcdef"].slice(0, count);
  const rest = names.slice(2);
  const most = majority(count);
  /** With too few helpers the member does not recover, and the history ends. */
  const helpers = (first: string) =>
    [most - 1, most].flatMap((size) => picks([first, ...rest], size));
  let chosen = 0;
  const lost: string[] = [];
  // `a` is the later process of a, `A` the older one.
  for (const helpA of helpers("b")) {
    for (const writers of picks(names, most)) {
      for (const helpB of [...helpers("a"), ...helpers("A")]) {
        const world = new Overlap(names);
        const processes = new Map(names.map((name) => [name, world.first(name)]));
        const of = (some: readonly string[]) => some.map((name) => processes.get(name)!);
        processes.set("A", processes.get("a")!);
        const later = world.comesBack("a", "2", of(helpA));
        if (later === undefined) break;
        processes.set("a", later);
        if (!world.writes("7p", of(writers))) break;
        const restarted = world.comesBack("b", "2", of(helpB));
        if (restarted === undefined) continue;
        processes.set("b", restarted);
        chosen++;
        for (const readers of [...picks(names, most), ...picks(["A", ...names.slice(1)], most)]) {
          if (world.reads(of(readers)) !== "nothing") continue;
          lost.push([helpA, writers, helpB, readers].map((some) => some.join("")).join(" "));
        }
      }
    }
  }
  return { chosen, lost };
}

describe("a list of members, one of which has an older process that still runs (section 1)", () => {
  for (const count of [3, 4, 5, 6]) {
    it(`of ${count}: nothing chosen is lost when another member restarts`, () => {
      const { chosen, lost } = search(count);
      assert(chosen > 0);
      assertEquals([lost.length, lost.slice(0, 5)], [0, []]);
    });
  }

  it("of four: two others are too few to come back, three are enough", () => {
    const world = new Overlap(["a", "b", "c", "d"]);
    const [, b, c, d] = world.members.map((member) => world.first(member));
    assertEquals(world.comesBack("a", "2", [b, d]), undefined);
    assertEquals(world.comesBack("a", "2", [b, c, d])?.member, "a");
  });
});
