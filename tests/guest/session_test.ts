// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { GuestSession } from "../../guest/session.ts";
import { GuestShell } from "../../guest/shell.ts";
import { VirtualTime } from "../support/virtual_time.ts";

const TTL = 1_000;

/** Longer than a session lives that was asked for and never granted, in milliseconds. */
const UNGRANTED = 2 * TTL;

/** A session of a guest, and the messages about it. */
function start() {
  const time = new VirtualTime();
  const shell = new GuestShell(time.runtime, 1_000);
  /** `session/renewal`. */
  const renewals: string[] = [];
  const looks: (() => void)[] = [];
  const owner = { name: "~x", life: "-P70F6sqFhqk35ea00oA", ttl: TTL };
  const session = shell.session = new GuestSession(shell, owner, {
    granted: () => {},
    lost: () => {},
    look: () => new Promise<void>((resolve) => looks.push(resolve)),
    renew: (number, renewal) => void renewals.push(`${number}/${renewal}`),
  });
  return { time, session, renewals, looks };
}

describe("GuestSession: without a quorum (section 13)", () => {
  it("the next session is not asked for before there is one", async () => {
    const { time, session, renewals, looks } = start();
    session.attach();
    await time.pass(2 * UNGRANTED);
    assertEquals([session.number, looks.length], [2, 1]);
    assertEquals(renewals.filter((renewal) => !renewal.startsWith("1/")), []);
    looks[0]();
    await time.pass(1);
    assertEquals(renewals.at(-1), "2/1");
  });

  it("the end of a session that comes with a renewal leaves that to the next session", async () => {
    const { time, session, renewals, looks } = start();
    session.attach();
    session.detach();
    await time.pass(UNGRANTED);
    // The deadline was not looked at until now.
    session.attach();
    assertEquals([session.number, looks.length, renewals], [2, 1, ["1/1"]]);
  });

  it("the next session is asked for when there is one, even if it must be shorter than before", async () => {
    const { time, session, renewals, looks } = start();
    session.attach();
    session.detach();
    await time.pass(UNGRANTED);
    session.attach();
    session.detach();
    session.attach();
    assertEquals(session.limit(TTL / 2), true);
    session.attach();
    assertEquals(renewals, ["1/1"]);
    looks[0]();
    await time.pass(1);
    assertEquals([renewals, session.ttl], [["1/1", "2/1"], TTL / 2]);
    await time.pass(TTL / 2);
    assert(renewals.length > 2);
  });
});

describe("GuestSession: a session that a quorum refuses (section 13)", () => {
  it("is followed by the next one at once, and by later ones at most every second", async () => {
    const { time, session, renewals } = start();
    session.attach();
    session.lapsed(1);
    assertEquals(renewals, ["1/1", "2/1"]);
    /** When each later session is asked for, in milliseconds. */
    const asked: number[] = [];
    const end = time.runtime.now() + 10_000;
    while (time.runtime.now() < end) {
      session.lapsed(session.number);
      const before = renewals.length;
      while (renewals.length === before) await time.pass(10);
      asked.push(time.runtime.now());
    }
    assertEquals(asked.slice(0, 5), [50, 150, 350, 750, 1_550]);
    assert(asked.length < 15, `${asked}`);
    session.renewed(session.number, 1);
    session.lapsed(session.number);
    assertEquals(renewals.at(-1), `${session.number}/1`);
  });
});
