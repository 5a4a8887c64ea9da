// Runs in Deno alone: pure state machines.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { LamportClock } from "../../lib/paxos/ballot.ts";
import { Genesis } from "../../lib/paxos/genesis.ts";
import type { GenesisRecord, Header } from "../../lib/paxos/messages.ts";
import { Witnesses } from "../../lib/paxos/witnesses.ts";

const FIVE = ["a", "b", "c", "d", "e"];
const LIVES = ["1", "2", "3", "4", "5"];
const RECORD: GenesisRecord = { id: "1", lives: LIVES, floor: 0, maxTtl: 1_000, clients: false };

/** Member b, which others have told of a record, with these lives as those that they know. */
function told(by: Record<string, readonly string[]>, record = RECORD): Witnesses {
  const witnesses = new Witnesses("b");
  for (const [from, vector] of Object.entries(by)) {
    witnesses.remembers(from, { record, members: FIVE, vector });
  }
  return witnesses;
}

describe("Witnesses (section 7)", () => {
  it("allow a record that a majority, this member included, remembers", () => {
    const witnesses = told({ a: LIVES });
    const other = { ...RECORD, id: "other" };
    witnesses.remembers("c", { record: other, members: FIVE, vector: LIVES });
    assertEquals(witnesses.allowed, undefined);
    witnesses.remembers("c", { record: RECORD, members: FIVE, vector: LIVES });
    assertEquals(witnesses.allowed, RECORD);
    witnesses.clear();
    assertEquals(witnesses.allowed, undefined);
  });

  it("count members that are blank in the lives that it names, and in no other ones", () => {
    const witnesses = told({ a: LIVES });
    witnesses.isBlank("c", "4");
    witnesses.isBlank("d", "40");
    witnesses.isBlank("e", "");
    assertEquals(witnesses.allowed, undefined);
    witnesses.isBlank("d", "4");
    assertEquals(witnesses.allowed, RECORD);
  });

  it("allow none that no other member remembers, however many are blank", () => {
    const witnesses = new Witnesses("b");
    const all = () => {
      for (const index of [0, 2, 3, 4]) witnesses.isBlank(FIVE[index], LIVES[index]);
    };
    all();
    assertEquals(witnesses.allowed, undefined);
    witnesses.remembers("a", { record: RECORD, members: FIVE, vector: LIVES });
    assertEquals(witnesses.allowed, RECORD);
    witnesses.clear();
    all();
    assertEquals(witnesses.allowed, undefined);
  });

  it("allow none with fewer than a majority: two of four, this member included", () => {
    const members = FIVE.slice(0, 4);
    const record = { ...RECORD, lives: LIVES.slice(0, 4) };
    const witnesses = new Witnesses("b");
    witnesses.remembers("a", { record, members, vector: record.lives });
    witnesses.isBlank("c", "30");
    assertEquals(witnesses.allowed, undefined);
    // What is told of a node that is no member, or of itself, does not count.
    witnesses.isBlank("e", "5");
    witnesses.isBlank("b", "2");
    assertEquals(witnesses.allowed, undefined);
    witnesses.isBlank("d", "4");
    assertEquals(witnesses.allowed, record);
  });

  it("count no blank process of a member of which a later one is known", () => {
    const witnesses = told({ a: LIVES.with(3, "40") });
    witnesses.isBlank("d", "4");
    assertEquals(witnesses.allowed, undefined);
    witnesses.isBlank("e", "5");
    assertEquals(witnesses.allowed, RECORD);
  });
});

describe("Genesis, with a life from a disk (section 7)", () => {
  const members = ["a", "b", "c"];
  const record = { ...RECORD, lives: ["1", "2", "3"] };
  const AT = { now: 0, wall: 0 };

  /** Blank member b in life 2, which has answered the second round of a in life 1, and its pull for the record. */
  function restarted(answered: string | undefined = "1") {
    let number = 0;
    const genesis = new Genesis({
      ...{ self: "b", members, life: "2", clock: new LamportClock(), maxTtl: 1_000 },
      ...{ clients: false, nextId: () => ++number, answered },
    });
    const { ask } = genesis.tick(AT);
    return { genesis, id: ask[0].request.id };
  }

  function headerOf(vector: readonly string[]): Header {
    return { life: "1", clock: 0, genesis: "1", epoch: 0, incarnation: "1", vector };
  }

  it("adopts the record that names its life, from a member that votes or has it on its disk", () => {
    const { genesis, id } = restarted();
    const reply = { id, type: "record", members, record } as const;
    const { event } = genesis.receive("a", headerOf(["1", "2", "3"]), reply, AT);
    assertEquals(event, { type: "operational", record });
    const other = restarted();
    const vector = ["1", "2", "3"];
    const stored = { id, type: "stored", members, record, incarnation: "1", vector } as const;
    const found = other.genesis.receive("a", headerOf([]), { ...stored, epoch: 0 }, AT);
    assertEquals(found.event, { type: "operational", record });
  });

  it("recovers if a member that votes knows a later life, and waits if that is on a disk", () => {
    const vector = ["1", "7", "3"];
    const { genesis, id } = restarted();
    const reply = { id, type: "record", members, record } as const;
    assertEquals(genesis.receive("a", headerOf(vector), reply, AT).event?.type, "recover");
    const other = restarted();
    const stored = { id, type: "stored", members, record, incarnation: "1", vector } as const;
    const found = other.genesis.receive("a", headerOf([]), { ...stored, epoch: 0 }, AT);
    assertEquals(found.event, undefined);
    assertEquals(other.genesis.state, "blank");
  });

  it("waits for a record that does not name its life, on a disk", () => {
    const { genesis, id } = restarted();
    const later = { ...record, lives: ["1", "8", "3"] };
    const stored = { id, type: "stored", members, record: later, incarnation: "1" } as const;
    const vector = ["1", "8", "3"];
    const found = genesis.receive("a", headerOf([]), { ...stored, vector, epoch: 0 }, AT);
    assertEquals(found.event, undefined);
  });

  it("takes no record of another leader than the one that it has answered", () => {
    const { genesis, id } = restarted();
    const other = { ...record, id: "0", lives: ["0", "2", "3"] };
    const reply = { id, type: "record", members, record: other } as const;
    assertEquals(genesis.receive("a", headerOf(["0", "2", "3"]), reply, AT).event, undefined);
    assertEquals(genesis.answered, "1");
  });

  describe("of four members, one of which is not there", () => {
    const members = ["a", "b", "c", "d"];
    const record = { ...RECORD, lives: ["1", "2", "3", "4"] };

    /** Member b, which has asked for the record, and the answers that it gets. */
    function asking() {
      let number = 0;
      const genesis = new Genesis({
        ...{ self: "b", members, life: "2", clock: new LamportClock(), maxTtl: 1_000 },
        ...{ clients: false, nextId: () => ++number, answered: "1" },
      });
      let id = genesis.tick(AT).ask[0].request.id;
      return {
        genesis,
        askAgain: () => id = genesis.tick(AT).ask[0].request.id,
        stored: (vector: readonly string[] = record.lives) =>
          genesis.receive("a", headerOf([]), {
            ...{ id, type: "stored", members, record, incarnation: "1", vector, epoch: 0 },
          }, AT).event,
        blank: (life: string, recovering = false) =>
          genesis.receive("c", { ...headerOf([]), life }, {
            ...{ id, type: "blank", members, wall: 0, recovering },
          }, AT).event,
      };
    }

    it("adopts a record that one remembers and the other one, blank, is named in", () => {
      const event = { type: "operational", record } as const;
      const first = asking();
      assertEquals([first.stored(), first.blank("3")], [undefined, event]);
      const second = asking();
      assertEquals([second.blank("3"), second.stored()], [undefined, event]);
    });

    it("waits for a majority that has not lost its memory since", () => {
      const { stored, blank, askAgain } = asking();
      assertEquals([stored(), blank("30"), blank("3", true)], [undefined, undefined, undefined]);
      askAgain();
      assertEquals([blank("3"), stored(["1", "2", "30", "4"])], [undefined, undefined]);
    });

    it("relies on no answer to an earlier question", () => {
      const { stored, blank, askAgain } = asking();
      assertEquals(stored(), undefined);
      askAgain();
      assertEquals(blank("3"), undefined);
      askAgain();
      assertEquals(stored(), undefined);
      assertEquals(blank("3")?.type, "operational");
    });
  });

  it("ends a round when a member answers with what is on its disk: a memory is left", () => {
    let number = 0;
    const genesis = new Genesis({
      ...{ self: "a", members, life: "1", clock: new LamportClock(), maxTtl: 1_000 },
      ...{ clients: false, nextId: () => ++number },
    });
    const blank = { type: "blank", members, wall: 0, recovering: false } as const;
    const { ask } = genesis.tick(AT);
    const { id } = ask.at(-1)!.request;
    genesis.receive("b", { ...headerOf([]), life: "2" }, { id, ...blank }, AT);
    const vector = ["1", "2", "3"];
    const stored = { type: "stored", members, record, incarnation: "3", vector, epoch: 0 } as const;
    genesis.receive("c", { ...headerOf([]), life: "3" }, { id, ...stored }, AT);
    const { ask: more } = genesis.receive(
      "c",
      { ...headerOf([]), life: "3" },
      { id, ...blank },
      AT,
    );
    assertEquals(more, []);
  });
});
