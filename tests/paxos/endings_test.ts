import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertLess, assertStrictEquals } from "@std/assert";
import { type Ending, Endings, UNTIL_GRAIN } from "../../lib/paxos/endings.ts";
import type { Binding, RegisterId, State } from "../../lib/paxos/register.ts";
import { ownersOf } from "../../lib/paxos/kv_register.ts";
import { slowdown } from "../support/colliding_integers.ts";
import { bytes } from "./support/changes.ts";
import { absent, accept, forget, makeAcceptor, script, value } from "./support/acceptor_script.ts";

/** An index, and the states that it was given for each register. */
class Held {
  readonly endings: Endings;
  readonly #states = new Map<RegisterId, State>();
  /** The news that it reported: for each, whether it concerned a key. */
  readonly news: boolean[] = [];

  constructor() {
    this.endings = new Endings((register) => this.#states.get(register) ?? null);
    this.endings.onNews((isKey) => void this.news.push(isKey));
  }

  put(register: RegisterId, token: number, ...bindings: Binding[]): void {
    const owners = ownersOf(bindings);
    const written = { token, over: 0, op: "1.1/1", value: bytes("x"), bindings, owners };
    this.set(register, { present: true, ...written });
  }

  set(register: RegisterId, state: State | null): void {
    const before = this.#states.get(register) ?? null;
    if (state === null) this.#states.delete(register);
    else this.#states.set(register, state);
    this.endings.replace(register, before, state);
  }

  /** Takes all endings at or before `time`, by register. */
  until(time: number): string[][] {
    const taken: string[][] = [];
    for (;;) {
      const ending = this.endings.takeUntil(time);
      if (ending === undefined) return taken;
      taken.push([...ending.registers]);
    }
  }
}

const until = (time: number): Binding => ({ kind: "until", time });
const node = (session: string): Binding => ({ kind: "node", session });
const key = (register: string, token: number): Binding => ({ kind: "key", register, token });
const names = (endings: Iterable<Ending>) => [...endings].map(({ registers }) => [...registers]);

describe("Endings under attack", () => {
  it("take no longer for tokens that collide in a Map", () => {
    const ratio = slowdown(10_000, (tokens) => {
      const held = new Held();
      for (const token of tokens) held.put(`k${token}`, 1, key("k", token));
    });
    // With a Map of numbers: seven.
    assertLess(ratio, 3);
  });
});

describe("Endings: times", () => {
  it("are handed out once they have passed, the earliest first, and only once", () => {
    const held = new Held();
    for (const time of [500, 100, 900, 300, 700]) held.put(`k${time}`, 1, until(time));
    assertEquals(held.endings.next, 100);
    assertEquals(held.until(99), []);
    assertEquals(held.until(500), [["k100"], ["k300"], ["k500"]]);
    assertEquals([held.until(500), held.endings.next], [[], 700]);
    assertEquals(held.until(10_000), [["k700"], ["k900"]]);
    assertEquals(held.endings.next, Infinity);
  });

  it("are rounded up: never before the time itself", () => {
    const held = new Held();
    held.put("k1", 1, until(3 * UNTIL_GRAIN + 1));
    held.put("k2", 1, until(4 * UNTIL_GRAIN));
    held.put("k3", 1, until(4 * UNTIL_GRAIN + 1));
    assertEquals(held.endings.next, 4 * UNTIL_GRAIN);
    assertEquals(held.until(4 * UNTIL_GRAIN), [["k1", "k2"]]);
  });

  it("are dropped with the last value that ends then, when it is released or overwritten", () => {
    const held = new Held();
    held.put("k1", 1, until(100));
    held.put("k2", 1, until(200));
    held.set("k1", { present: false, token: 2 });
    held.put("k2", 3, until(300));
    assertEquals(held.endings.next, 300);
    assertEquals(held.until(1_000), [["k2"]]);
  });

  it("handles a value that is bound for ever, or to a time and other causes", () => {
    const held = new Held();
    held.put("k1", 1, until(Infinity));
    held.put("k2", 1, until(-Infinity), node("n/1/1"));
    assertEquals(held.until(-1e9), [["k2"]]);
    held.set("k1", { present: false, token: 2 });
    held.set("k2", { present: false, token: 2 });
    assertEquals([held.endings.next, held.endings.sessions.size], [Infinity, 0]);
  });

  it("that are empty are skipped, in any number", () => {
    const held = new Held();
    for (let i = 1; i <= 10_000; i++) held.put("k", i, until(1e9 - i * UNTIL_GRAIN));
    held.put("k0", 1, until(5));
    assertEquals(held.until(1e9), [["k0"], ["k"]]);
  });
});

describe("Endings: sessions and keys", () => {
  it("a session is present as long as a register depends on it", () => {
    const held = new Held();
    held.put("k1", 1, node("n/1/1"), node("m/1/1"));
    held.put("k2", 1, node("n/1/1"));
    assertEquals(held.endings.sessions.get("n/1/1")?.registers, new Set(["k1", "k2"]));
    held.set("k1", { present: false, token: 2 });
    assertEquals([...held.endings.sessions.keys()], ["n/1/1"]);
    held.put("k2", 3, node("o/1/1"));
    assertEquals([...held.endings.sessions.keys()], ["o/1/1"]);
  });

  it("a session has one and the same ending while a register that depends on it is written again", () => {
    const held = new Held();
    held.put("k", 1, node("n/1/1"), node("m/1/1"));
    const ending = held.endings.sessions.get("n/1/1");
    held.put("k", 1, node("n/1/1"), node("m/1/1"));
    held.put("k", 2, node("o/1/1"), node("n/1/1"));
    assertStrictEquals(held.endings.sessions.get("n/1/1"), ending);
    assertEquals(ending?.registers, new Set(["k"]));
    assertEquals([...held.endings.sessions.keys()], ["n/1/1", "o/1/1"]);
  });

  it("the value of a key is missing while the value that others are bound to is absent", () => {
    const held = new Held();
    held.put("base", 5);
    held.put("k1", 6, key("base", 5));
    assertEquals(names(held.endings.valueMissing), []);
    held.put("base", 8);
    assertEquals(names(held.endings.valueMissing), [["k1"]]);
    held.set("base", { present: false, token: 9 });
    held.put("k2", 9, key("base", 8));
    assertEquals(names(held.endings.valueMissing), [["k1"], ["k2"]]);
    // The value arrived late here.
    held.put("base", 8);
    assertEquals(names(held.endings.valueMissing), [["k1"]]);
    held.set("k1", null);
    assertEquals(names(held.endings.valueMissing), []);
  });

  it("reports news: an earlier time, a first session, a key whose value is missing", () => {
    const held = new Held();
    held.put("k1", 1, until(500));
    held.put("k2", 1, until(600));
    held.put("k3", 1, until(100));
    assertEquals(held.news.splice(0), [false, false]);
    held.put("k4", 1, node("n/1/1"));
    held.put("k5", 1, node("m/1/1"));
    assertEquals(held.news.splice(0), [false]);
    held.put("k6", 1, key("nowhere", 1));
    held.put("k7", 1, key("nowhere", 1));
    assertEquals(held.news.splice(0), [true]);
  });
});

describe("Acceptor: what may end its values", () => {
  it("follows what it accepts, copies and forgets", () => {
    const acceptor = makeAcceptor();
    script(acceptor, 0, accept("1p", value("x", 1, ["n/1/1"]), "k1"));
    assertEquals([...acceptor.endings.sessions.keys()], ["n/1/1"]);
    const copy = makeAcceptor();
    copy.adopt(acceptor.copy("").registers, 0, 0);
    assertEquals([...copy.endings.sessions.keys()], ["n/1/1"]);
    script(acceptor, 0, accept("2p", absent(2), "k1"), forget("2p", "k1"));
    assertEquals([...acceptor.endings.sessions.keys()], []);
  });
});
