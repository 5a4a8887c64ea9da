// Runs in Deno alone: pure state machines.
import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { LamportClock } from "../../lib/paxos/ballot.ts";
import { Genesis } from "../../lib/paxos/genesis.ts";
import type { GenesisRecord, Header } from "../../lib/paxos/messages.ts";
import { Witnesses } from "../../lib/paxos/witnesses.ts";

const FIVE = ["a", "b", "c", "d", "e"];
const LIVES = ["1", "2", "3", "4", "5"];
const RECORD: GenesisRecord = { id: "1", lives: LIVES, floor: 0, maxTtl: 1_000, clients: false };

describe("Witnesses (section 7)", () => {
  it("allow a record that a majority, this member included, remembers", () => {
    const witnesses = new Witnesses("b", FIVE);
    witnesses.remembers("a", RECORD);
    witnesses.remembers("c", { ...RECORD, id: "other" });
    assert(!witnesses.allow(RECORD));
    witnesses.remembers("c", RECORD);
    assert(witnesses.allow(RECORD));
    witnesses.clear();
    assert(!witnesses.allow(RECORD));
  });

  it("allow it also if all others answer, blank in the lives that it names", () => {
    const witnesses = new Witnesses("b", FIVE);
    witnesses.remembers("a", RECORD);
    witnesses.isBlank("c", "3");
    witnesses.isBlank("d", "4");
    assert(!witnesses.allow(RECORD));
    witnesses.isBlank("e", "6");
    assert(!witnesses.allow(RECORD));
    witnesses.isBlank("e", "5");
    assert(witnesses.allow(RECORD));
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
