import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertMatch } from "@std/assert";
import { encodeLock, sessionsOf } from "../../lib/locks/lock_value.ts";
import {
  applyCommand,
  FREE,
  type LockCommand,
  type LockEntry,
} from "../../lib/paxos/lock_register.ts";
import type { State } from "../../lib/paxos/register.ts";
import { parseSession } from "../../lib/paxos/sessions.ts";
import { lockChainFaults } from "./lock_chain.ts";

const LIVES = { a: "-OhqqfOHjiYrq_IfYOJt", b: "-OhqqeZcNxDxwTlNEMbp" };

type Name = keyof typeof LIVES;

function entry(name: Name): LockEntry {
  const session = `${name}/${LIVES[name]}/1`;
  return { pid: { node: name, session, seq: 1 }, request: 1, mode: "exclusive", token: 0 };
}

function command(type: string, name: Name): LockCommand {
  const of = entry(name);
  if (type === "release") return { type, session: of.pid.session, request: 1 };
  return { type: "request", entry: of, ifAvailable: false, steal: type === "steal", sent: false };
}

/** The faults of the chosen ones among the states that the register of locks makes of these commands. */
function faults(
  script: readonly [token: number, type: string, name: Name, chosen: boolean][],
  steals = true,
  ends: number | null = null,
): string[] {
  let value = FREE;
  let over = 0;
  const all = script.map(([token, type, name, chosen], index) => {
    value = applyCommand(value, command(type, name), token, () => false).value;
    const state: State = value.holders.length === 0 ? { present: false, token } : {
      ...{ present: true, token, over, op: `${LIVES[name]}/${token}`, bindings: [] },
      ...{ owners: sessionsOf(value), value: encodeLock(value) },
    };
    over = token;
    const { life } = parseSession(entry(name).pid.session);
    return { state, writer: life, chosen, decided: index + 1, at: `${token}` };
  });
  return lockChainFaults(
    all.filter(({ chosen }) => chosen),
    all,
    new Map([[entry("a").pid.session, ends]]),
    steals,
  );
}

describe("lockChainFaults()", () => {
  it("permits that a request is granted again after a theft and a release that were not chosen", () => {
    const script: Parameters<typeof faults>[0] = [
      [5, "request", "a", true],
      [6, "steal", "b", false],
      [7, "release", "b", false],
      [9, "request", "a", true],
    ];
    assertEquals(faults(script), []);
    assertMatch(faults(script, false).join(), /became/);
    // The session had ended before: that was no theft, and the request is put back.
    assertMatch(faults(script, true, 2).join(), /became/);
  });

  it("finds a request that its own node has released and that is granted again", () => {
    const script: Parameters<typeof faults>[0] = [
      [5, "request", "a", true],
      [6, "release", "a", false],
      [9, "request", "a", true],
    ];
    assertMatch(faults(script).join(), /became/);
  });

  it("does not take for a theft that the next one in the queue has the lock", () => {
    const script: Parameters<typeof faults>[0] = [
      [5, "request", "a", true],
      [6, "request", "b", false],
      [7, "release", "a", false],
      [8, "release", "b", false],
      [9, "request", "a", true],
    ];
    assertMatch(faults(script).join(), /became/);
  });

  it("does not take for a theft that another one had the lock after its release", () => {
    const script: Parameters<typeof faults>[0] = [
      [5, "request", "a", true],
      [6, "release", "a", false],
      [7, "request", "b", false],
      [8, "release", "b", false],
      [9, "request", "a", true],
    ];
    assertMatch(faults(script).join(), /became/);
  });
});
