import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { PROMISE_TTL } from "../../lib/paxos/bare_promises.ts";
import type { Ballot } from "../../lib/paxos/ballot.ts";
import type { RegisterReply, RegisterRequest } from "../../lib/paxos/messages.ts";
import type { Present } from "../../lib/paxos/register.ts";
import { sizeOf } from "../../lib/paxos/size.ts";
import { acceptRequest } from "../support/accept_request.ts";
import {
  absent,
  accept,
  asker,
  ballot,
  forget,
  makeAcceptor,
  prepare,
  read,
  script,
  value,
} from "./support/acceptor_script.ts";
import { showReply } from "./support/notation.ts";

describe("Acceptor: prepare (Paxos Made Simple, phase 1b)", () => {
  it("promises a ballot above the promised one, and no other", () => {
    assertEquals(
      script(
        makeAcceptor(),
        0,
        prepare("2p"),
        prepare("1q"), // lower counter
        prepare("2o"), // same counter, lower life
        prepare("2p"), // the very same
        prepare("2q"), // same counter, higher life
        prepare("3a"), // higher counter
        prepare("2q"), // once promised, now too low
      ),
      [
        "promise 2p, none",
        "nack 2p",
        "nack 2p",
        "nack 2p",
        "promise 2q, none",
        "promise 3a, none",
        "nack 3a",
      ],
    );
  });

  it("reports what it accepted, with the ballot of that and not of the promise", () => {
    assertEquals(
      script(
        makeAcceptor(),
        0,
        prepare("1p"),
        accept("1p", value("x", 1)),
        prepare("5q"),
        prepare("6q"),
      ),
      ["promise 1p, none", "accepted 1p", "promise 5q, x@1 at 1p", "promise 6q, x@1 at 1p"],
    );
  });

  it("keeps registers apart", () => {
    assertEquals(
      script(
        makeAcceptor(),
        0,
        prepare("9p", "k1"),
        prepare("1p", "k2"),
        accept("1p", value("x", 1), "k2"),
        accept("1p", value("x", 1), "k1"),
        read("k2"),
        read("k1"),
      ),
      [
        "promise 9p, none",
        "promise 1p, none",
        "accepted 1p",
        "nack 9p",
        "current, promised 1p, x@1 at 1p",
        "current, promised 9p, none",
      ],
    );
  });
});

describe("Acceptor: accept (Paxos Made Simple, phase 2b)", () => {
  it("accepts a ballot at or above the promised one, and no other", () => {
    assertEquals(
      script(
        makeAcceptor(),
        0,
        prepare("2p"),
        accept("1q", value("low", 1)),
        accept("2o", value("low", 2)),
        accept("2p", value("promised", 2)),
        accept("2q", value("above", 2)),
        accept("2p", value("again", 2)),
        read(),
      ),
      [
        "promise 2p, none",
        "nack 2p",
        "nack 2p",
        "accepted 2p",
        "accepted 2q",
        "nack 2q",
        "current, promised 2q, above@2 at 2q",
      ],
    );
  });

  it("also promises the ballot that it accepts, without a prepare", () => {
    assertEquals(
      script(
        makeAcceptor(),
        0,
        accept("4p", value("x", 4)),
        prepare("3z"),
        prepare("4p"),
        accept("4o", value("y", 4)),
        prepare("4q"),
      ),
      ["accepted 4p", "nack 4p", "nack 4p", "nack 4p", "promise 4q, x@4 at 4p"],
    );
  });

  it("accepts the second copy of an accept like the first", () => {
    const acceptor = makeAcceptor();
    assertEquals(
      script(acceptor, 0, accept("1p", value("x", 1)), accept("1p", value("x", 1)), read()),
      ["accepted 1p", "accepted 1p", "current, promised 1p, x@1 at 1p"],
    );
    assertEquals(acceptor.size, 1);
  });

  it("with `next` promises (counter + 1, same life): that proposer may continue, a rival needs a higher ballot", () => {
    const acceptor = makeAcceptor();
    assertEquals(
      script(
        acceptor,
        0,
        accept("4p", value("x", 4), "k1", true),
        prepare("5o"),
        accept("4p", value("x", 4), "k1", true), // late copy: lower than what it promised
        accept("5o", value("y", 5)),
        accept("5p", value("z", 5)),
        read(),
      ),
      [
        "accepted 4p",
        "nack 5p",
        "nack 5p",
        "nack 5p",
        "accepted 5p",
        "current, promised 5p, z@5 at 5p",
      ],
    );
    // A rival of a greater life at that counter is above the promise.
    assertEquals(
      script(acceptor, 0, accept("8p", value("x", 8), "k2", true), prepare("9q", "k2")),
      ["accepted 8p", "promise 9q, x@8 at 8p"],
    );
  });

  it("with a `fallback` promises that ballot when it refuses, as if a prepare had followed", () => {
    const or = (at: string, fallback: number) => accept(at, value("y", 4), "k1", false, fallback);
    const acceptor = makeAcceptor();
    assertEquals(
      script(
        acceptor,
        0,
        accept("4p", value("x", 4)),
        or("4p", 9), // accepted: the fallback is not needed, and nothing is promised for it
        prepare("5q"),
        or("4o", 9),
        or("4o", 9), // a second copy is refused
        or("4o", 8),
        accept("9p", value("z", 9)),
        or("9p", 12),
        or("8q", 9),
        read(),
      ),
      [
        "accepted 4p",
        "accepted 4p",
        "promise 5q, y@4 at 4p",
        "promise 9o, y@4 at 4p",
        "nack 9o",
        "nack 9o",
        "accepted 9p",
        "accepted 9p",
        "promise 9q, y@4 at 9p",
        "current, promised 9q, y@4 at 9p",
      ],
    );
  });

  it("promises no fallback for a second copy of an accepted request: it may have promised the next ballot", () => {
    const copy = accept("4p", value("x", 4), "k1", true, 9);
    assertEquals(script(makeAcceptor(), 0, copy, copy, accept("5p", value("y", 5))), [
      "accepted 4p",
      "nack 5p",
      "accepted 5p",
    ]);
  });

  it("refuses a register that it does not hold, and keeps no promise for it, with any fallback", () => {
    const acceptor = makeAcceptor({ floor: 5 });
    const late = accept("4p", value("x", 4), "k1", false, 9);
    assertEquals(script(acceptor, 0, late, read()), [
      "nack 5~",
      "current, promised 5~, none, floor 5",
    ]);
    assertEquals(acceptor.size, 0);
  });

  it("never goes back: promises and accepted ballots only rise, with any requests", () => {
    const acceptor = makeAcceptor();
    let seed = 1;
    const chance = (bound: number) => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      return Math.floor(seed / 2 ** 32 * bound);
    };
    const rank = (at: Ballot | undefined) =>
      at === undefined ? -1 : at.counter * 10 + "opq".indexOf(at.life);
    let promised = -1;
    let accepted = -1;
    for (let i = 0; i < 3_000; i++) {
      const at = `${Math.floor(i / 30) + chance(12)}${"opq"[chance(3)]}`;
      const request = chance(2) === 0
        ? prepare(at)
        : accept(at, value("x", 1), "k1", chance(3) === 0, chance(2) * (i + 20) || null);
      acceptor.handle(request, asker, 0);
      const { reply } = acceptor.handle(read(), asker, 0);
      assert(reply?.type === "current");
      assert(rank(reply.promised) >= promised, `${at} lowered the promise`);
      assert(rank(reply.accepted?.ballot) >= accepted, `${at} lowered the accepted ballot`);
      assert(rank(reply.promised) >= rank(reply.accepted?.ballot));
      promised = rank(reply.promised);
      accepted = rank(reply.accepted?.ballot);
    }
  });
});

describe("Acceptor: a promise that was handed on", () => {
  const handedOn: RegisterRequest = {
    ...acceptRequest("k1", ballot("2p"), value("x", 2)),
    ...{ next: true, heir: "q" },
  };
  const fast: RegisterRequest = {
    ...{ type: "fast", register: "k1", ballot: ballot("8r") },
    state: value("y", 8) as Present,
  };

  const watchers = [["m", "q", true], ["n", "q", false], ["o", "r"], ["o", "p"]] as const;

  /** What the last request has the acceptor tell those who watch; q does twice, once as a member that votes. */
  function told(...requests: RegisterRequest[]): string[] {
    const acceptor = makeAcceptor();
    const watch = () => {
      for (const [id, [node, life, votes]] of watchers.entries()) {
        acceptor.handle({ type: "watch", register: "k1", id }, { node, life, votes }, 0);
      }
    };
    watch();
    script(acceptor, 0, ...requests.slice(0, -1));
    watch();
    return acceptor.handle(requests.at(-1)!, asker, 0).pushes.map(({ watcher, reply }) =>
      `${watcher.node}/${watcher.life}#${watcher.id}: ${showReply(reply)}`
    );
  }

  /** A write that asks for the next promise itself. */
  const keeping = (at: string): RegisterRequest => accept(at, value("y", 3), "k1", true);

  it("is refused to its heir, which watches and does not vote, as soon as another life has a higher one", () => {
    assertEquals(told(handedOn, prepare("3r")), ["n/q#1: nack 3r"]);
    assertEquals(told(handedOn, accept("3o", value("y", 3), "k1", false, 9)), ["n/q#1: nack 9o"]);
    assertEquals(told(handedOn, fast), ["n/q#1: nack 9r"]);
  });

  it("is refused to it as well after writes of its own, until another life hands nothing on", () => {
    assertEquals(told(handedOn, keeping("3q"), prepare("5r")), ["n/q#1: nack 5r"]);
    assertEquals(told(handedOn, keeping("4p"), keeping("5q"), prepare("7r")), []);
    const toAnother: RegisterRequest = { ...handedOn, ballot: ballot("4p"), heir: "r" };
    assertEquals(told(handedOn, toAnother, keeping("6q"), prepare("8s")), ["n/q#1: nack 8s"]);
    assertEquals(told(handedOn, toAnother, prepare("6s")), ["o/r#2: nack 6s"]);
  });

  it("is refused to no other life, and not for what is refused itself", () => {
    for (const request of [prepare("3p"), prepare("3q"), read()]) {
      assertEquals(told(handedOn, request), [], request.type);
    }
    // The heir has begun another attempt, and is refused that itself.
    assertEquals(told(handedOn, prepare("4q")), []);
    assertEquals(told(handedOn, prepare("4q"), prepare("5r")), []);
    assertEquals(told(handedOn, accept("3q", value("y", 3)), prepare("5r")), []);
    assertEquals(told(handedOn, prepare("5r"), prepare("6s")), []);
  });

  it("is refused with a push of its own only if nothing is accepted that is pushed", () => {
    const pushes = told(handedOn, accept("3r", absent(3)));
    assertEquals(pushes.filter((push) => push.includes("nack")), []);
  });

  it("is none that a life has asked for itself", () => {
    assertEquals(told(keeping("2q"), prepare("5r")), []);
    assertEquals(told(prepare("3q"), prepare("5r")), []);
    assertEquals(told(accept("1p", value("x", 1)), prepare("2q"), prepare("5r")), []);
  });
});

describe("Acceptor: read", () => {
  it("changes nothing: it makes neither a promise nor an entry", () => {
    const acceptor = makeAcceptor();
    assertEquals(script(acceptor, 0, read(), read(), prepare("1p"), read(), prepare("2p")), [
      "current, promised 0~, none",
      "current, promised 0~, none",
      "promise 1p, none",
      "current, promised 1p, none",
      "promise 2p, none",
    ]);
    script(acceptor, 0, read("k2"));
    assertEquals(acceptor.size, 1);
  });

  it("distinguishes a tombstone from no state", () => {
    assertEquals(
      script(makeAcceptor(), 0, accept("3p", absent(3)), read("k1"), read("k2")),
      ["accepted 3p", "current, promised 3p, absent@3 at 3p", "current, promised 0~, none"],
    );
  });
});

describe("Acceptor: owners that it believes expired", () => {
  const state = value("x", 1, ["n/1/1", "m/1/1"]);

  function stale(reply: RegisterReply | undefined): readonly string[] {
    assert(reply?.type === "promise" || reply?.type === "current");
    return reply.stale;
  }

  it("each promise and each reply to a read names those of the accepted state, at that moment", () => {
    const asked: [string, number][] = [];
    const acceptor = makeAcceptor({
      isStale: (session, now) => {
        asked.push([session, now]);
        return session === "m/1/1" && now >= 500;
      },
    });
    acceptor.handle(accept("1p", state), asker, 0);
    assertEquals(stale(acceptor.handle(read(), asker, 499).reply), []);
    assertEquals(stale(acceptor.handle(read(), asker, 500).reply), ["m/1/1"]);
    assertEquals(stale(acceptor.handle(prepare("2p"), asker, 501).reply), ["m/1/1"]);
    assertEquals(asked, [499, 500, 501].flatMap((now) => [["n/1/1", now], ["m/1/1", now]]));
  });

  it("names none for a tombstone, and for a register that it does not hold", () => {
    const acceptor = makeAcceptor({ isStale: () => true });
    acceptor.handle(accept("1p", absent(1)), asker, 0);
    assertEquals(stale(acceptor.handle(read("k1"), asker, 0).reply), []);
    assertEquals(stale(acceptor.handle(read("k2"), asker, 0).reply), []);
  });
});

describe("Acceptor: floor", () => {
  it("a register without an entry counts as promised up to the floor", () => {
    const acceptor = makeAcceptor({ floor: 5 });
    assertEquals(
      script(
        acceptor,
        0,
        read(),
        prepare("4z"),
        prepare("5z"),
        accept("5z", value("x", 5)),
      ),
      ["current, promised 5~, none, floor 5", "nack 5~", "nack 5~", "nack 5~"],
    );
    assertEquals(acceptor.size, 0);
    assertEquals(script(acceptor, 0, prepare("6a")), ["promise 6a, none, floor 5"]);
    assertEquals(script(acceptor, 0, accept("6a", value("x", 6), "k2")), ["accepted 6a"]);
  });

  it("every reply with nothing accepted carries the floor, and no other", () => {
    const acceptor = makeAcceptor({ floor: 5 });
    assertEquals(
      script(acceptor, 0, prepare("6p"), accept("6p", absent(6)), prepare("7p"), read()),
      [
        "promise 6p, none, floor 5",
        "accepted 6p",
        "promise 7p, absent@6 at 6p",
        "current, promised 7p, absent@6 at 6p",
      ],
    );
    const { reply } = acceptor.handle(read(), asker, 0);
    assert(reply?.type === "current");
    assertEquals(reply.floor, 0);
  });

  it("an entry that exists does not follow the floor: its promise was given lower", () => {
    const acceptor = makeAcceptor();
    script(
      acceptor,
      0,
      prepare("3p", "old"),
      accept("9p", absent(9), "gone"),
      forget("9p", "gone"),
    );
    assertEquals(acceptor.floor, 9);
    assertEquals(script(acceptor, 0, accept("3p", value("x", 3), "old")), ["accepted 3p"]);
  });
});

describe("Acceptor: promises with nothing accepted", () => {
  it("are dropped some seconds after the promise, by raising the floor to its counter", () => {
    const acceptor = makeAcceptor();
    script(acceptor, 1_000, prepare("7p"));
    script(acceptor, 1_000 + PROMISE_TTL - 1, read("other"));
    assertEquals([acceptor.size, acceptor.floor], [1, 0]);
    assertEquals(script(acceptor, 1_000 + PROMISE_TTL, read()), [
      "current, promised 7~, none, floor 7",
    ]);
    assertEquals([acceptor.size, acceptor.floor], [0, 7]);
    // The promise still holds: the floor refuses late messages.
    assertEquals(script(acceptor, 20_000, accept("7p", value("x", 7)), prepare("7z")), [
      "nack 7~",
      "nack 7~",
    ]);
  });

  it("a new promise restarts the time", () => {
    const acceptor = makeAcceptor();
    script(acceptor, 0, prepare("1p", "k1"), prepare("1p", "k2"));
    script(acceptor, 6_000, prepare("2p", "k1"));
    script(acceptor, PROMISE_TTL, read());
    assertEquals([acceptor.size, acceptor.floor], [1, 1]); // k2 went
    script(acceptor, 6_000 + PROMISE_TTL - 1, read());
    assertEquals(acceptor.size, 1);
    script(acceptor, 6_000 + PROMISE_TTL, read());
    assertEquals([acceptor.size, acceptor.floor], [0, 2]);
  });

  it("stay for ever once a state was accepted", () => {
    const acceptor = makeAcceptor();
    script(acceptor, 0, prepare("1p"), accept("1p", value("x", 1)), prepare("2p"));
    assertEquals(script(acceptor, 100 * PROMISE_TTL, read()), ["current, promised 2p, x@1 at 1p"]);
    assertEquals(acceptor.floor, 0);
  });

  it("are dropped in the order of the promises, so none waits behind a newer one", () => {
    const acceptor = makeAcceptor();
    for (let i = 0; i < 10; i++) script(acceptor, i * 1_000, prepare(`${i + 1}p`, `k${i}`));
    for (let i = 0; i < 10; i++) {
      script(acceptor, i * 1_000 + PROMISE_TTL, read("none of them"));
      assertEquals([acceptor.size, acceptor.floor], [9 - i, i + 1]);
    }
  });
});

describe("Acceptor: full", () => {
  it("replies `full` to a prepare for a new register, not to one for a register that it holds", () => {
    const acceptor = makeAcceptor({ maxKeys: 2 });
    assertEquals(
      script(
        acceptor,
        0,
        prepare("1p", "k1"),
        prepare("1p", "k2"),
        prepare("1p", "k3"),
        read("k3"),
        prepare("2p", "k1"),
      ),
      [
        "promise 1p, none",
        "promise 1p, none",
        "full",
        "current, promised 0~, none",
        "promise 2p, none",
      ],
    );
    assertEquals(acceptor.size, 2);
  });

  it("promises from a bounded reserve for proposals that add no new value", () => {
    const acceptor = makeAcceptor({ maxKeys: 2_048 });
    const fill = (count: number, reserve: boolean, from: number) =>
      Array.from({ length: count }, (_, i) =>
        script(acceptor, 0, {
          ...prepare("1p", `k${from + i}`),
          ...(reserve && { reserve }),
        } as RegisterRequest)[0].split(",")[0]);
    const seen = (answers: string[]) => [answers.length, ...new Set(answers)];
    assertEquals(seen(fill(2_048, false, 0)), [2_048, "promise 1p"]);
    assertEquals(seen(fill(1, false, 2_048)), [1, "full"]);
    assertEquals(seen(fill(32, true, 2_048)), [32, "promise 1p"]);
    assertEquals(seen(fill(1, true, 2_080)), [1, "full"]);
    assertEquals(acceptor.size, 2_080);
  });

  it("has a reserve of at least 16 registers, and one of 64 KiB", () => {
    const reserved = (at: string, register: string) =>
      ({ ...prepare(at, register), reserve: true }) as RegisterRequest;
    const few = makeAcceptor({ maxKeys: 0 });
    const answers = Array.from(
      { length: 17 },
      (_, i) => script(few, 0, reserved("1p", `k${i}`))[0],
    );
    assertEquals(answers.map((answer) => answer === "full").indexOf(true), 16);
    const size = sizeOf("k10", null);
    const small = makeAcceptor({ maxBytes: 0 });
    const count = Math.floor(64 * 1024 / size);
    for (let i = 0; i < count; i++) {
      assertEquals(script(small, 0, reserved("1p", String(100 + i))), ["promise 1p, none"]);
    }
    assertEquals(script(small, 0, reserved("1p", "999"), prepare("1p", "999")), ["full", "full"]);
  });

  it("has room again when a register was forgotten", () => {
    const acceptor = makeAcceptor({ maxKeys: 1 });
    assertEquals(
      script(
        acceptor,
        0,
        accept("1p", absent(1), "k1"),
        prepare("2p", "k2"),
        forget("1p", "k1"),
        prepare("2p", "k2"),
      ),
      ["accepted 1p", "full", "-", "promise 2p, none, floor 1"],
    );
  });

  it("refuses to accept a value for a register that it does not hold", () => {
    const acceptor = makeAcceptor({ maxKeys: 1 });
    assertEquals(
      script(acceptor, 0, prepare("1p", "k1"), accept("1p", value("x", 1), "k2"), read("k2")),
      ["promise 1p, none", "full", "current, promised 0~, none"],
    );
    assertEquals(acceptor.size, 1);
  });

  it("accepts a value for a register that it holds, and a tombstone in any case", () => {
    const acceptor = makeAcceptor({ maxKeys: 1 });
    assertEquals(
      script(
        acceptor,
        0,
        prepare("1p", "k1"),
        accept("1p", value("x", 1), "k1"),
        accept("2p", absent(2), "k2"),
        accept("3p", value("y", 3), "k2"),
      ),
      ["promise 1p, none", "accepted 1p", "accepted 2p", "accepted 3p"],
    );
  });

  it("accepts the state of a sweep: others already hold it", () => {
    const acceptor = makeAcceptor({ maxKeys: 1 });
    const brought = { ...accept("1p", value("x", 1), "k2"), sweep: true } as RegisterRequest;
    assertEquals(script(acceptor, 0, prepare("1p", "k1"), brought), [
      "promise 1p, none",
      "accepted 1p",
    ]);
  });

  it("always has room for the configuration", () => {
    const acceptor = makeAcceptor({ maxKeys: 1 });
    assertEquals(
      script(
        acceptor,
        0,
        prepare("1p", "k1"),
        prepare("1p", "c\xf6\xf6"),
        accept("2p", value("x", 2), "c\xf6\xf6"),
      ),
      ["promise 1p, none", "promise 1p, none", "accepted 2p"],
    );
  });

  it("has no more room for another register of that kind than for a key", () => {
    const acceptor = makeAcceptor({ maxKeys: 1 });
    const prepares = ["k1", "c\xf6\x61a", "c\xf6\xf6a", "c"].map((id) => prepare("1p", id));
    assertEquals(script(acceptor, 0, ...prepares), ["promise 1p, none", "full", "full", "full"]);
  });

  it("takes no new register while the held ones take maxBytes, even if they are few", () => {
    const small = sizeOf("k1", value("x", 1));
    const acceptor = makeAcceptor({ maxBytes: small + sizeOf("k2", null) - 1 });
    assertEquals(
      script(
        acceptor,
        0,
        prepare("1p", "k1"),
        accept("1p", value("x", 1), "k1"),
        prepare("1p", "k2"),
        accept("1p", value("y", 1), "k2"),
        accept("2p", absent(2), "k1"),
        prepare("1p", "k2"),
      ),
      ["promise 1p, none", "accepted 1p", "full", "full", "accepted 2p", "promise 1p, none"],
    );
  });

  it("counts the bytes of the registers that it holds, and no others", () => {
    const acceptor = makeAcceptor();
    const of = (text: string) => sizeOf("k1", value(text, 1, ["n/1/1"]));
    script(acceptor, 0, prepare("1p"));
    assertEquals(acceptor.bytes, sizeOf("k1", null));
    script(acceptor, 0, accept("1p", value("x", 1, ["n/1/1"])));
    assertEquals(acceptor.bytes, of("x"));
    script(acceptor, 0, accept("2p", value("longer", 2, ["n/1/1"])));
    assertEquals(acceptor.bytes, of("longer"));
    const copy = makeAcceptor();
    copy.adopt(acceptor.copy("").registers, 0, 0);
    assertEquals(copy.bytes, of("longer"));
    script(acceptor, 0, accept("3p", absent(3)), forget("3p"));
    assertEquals([acceptor.size, acceptor.bytes], [0, 0]);
  });

  it("reports the progress of making room, freshly each time", () => {
    const acceptor = makeAcceptor({ maxKeys: 0 });
    let asked = 0;
    acceptor.onFull(() => ({ tidying: ++asked === 1, missing: ["m3"] }));
    const answers = [1, 2].map(() => acceptor.handle(prepare("1p"), asker, 0).reply);
    assertEquals(answers, [
      { type: "full", tidying: true, missing: ["m3"] },
      { type: "full", tidying: false, missing: ["m3"] },
    ]);
  });
});

describe("Acceptor: forget", () => {
  it("raises the floor to the tombstone's ballot and drops it", () => {
    const acceptor = makeAcceptor();
    assertEquals(
      script(
        acceptor,
        0,
        accept("8q", absent(8)),
        forget("8q"),
        read(),
        accept("8q", value("late", 8)),
        prepare("3z"),
        prepare("9a"),
      ),
      [
        "accepted 8q",
        "-",
        "current, promised 8~, none, floor 8",
        "nack 8~",
        "nack 8~",
        "promise 9a, none, floor 8",
      ],
    );
  });

  it("keeps a tombstone that a proposer is about to overwrite: the floor would refuse that", () => {
    const acceptor = makeAcceptor();
    assertEquals(
      script(
        acceptor,
        0,
        accept("3p", absent(3)),
        prepare("8q"),
        forget("3p"),
        read(),
        accept("8q", value("next", 8)),
      ),
      [
        "accepted 3p",
        "promise 8q, absent@3 at 3p",
        "-",
        "current, promised 8q, absent@3 at 3p",
        "accepted 8q",
      ],
    );
    assertEquals(acceptor.floor, 0);
  });

  it("never lowers the floor", () => {
    const acceptor = makeAcceptor({ floor: 2 });
    script(acceptor, 0, accept("9p", absent(9), "k1"), accept("4p", absent(4), "k2"));
    script(acceptor, 0, forget("9p", "k1"), forget("4p", "k2"));
    assertEquals([acceptor.size, acceptor.floor], [0, 9]);
  });

  it("does nothing unless the accepted ballot is still that one", () => {
    const acceptor = makeAcceptor();
    script(acceptor, 0, accept("3p", absent(3)), accept("4p", absent(4)));
    script(acceptor, 0, forget("3p"), forget("4q"), forget("5p"));
    assertEquals(script(acceptor, 0, read()), ["current, promised 4p, absent@4 at 4p"]);
    assertEquals(acceptor.floor, 0);
  });

  it("does nothing to a value, nor to a promise", () => {
    const acceptor = makeAcceptor();
    script(acceptor, 0, accept("3p", value("x", 3), "k1"), prepare("3p", "k2"));
    script(acceptor, 0, forget("3p", "k1"), forget("3p", "k2"), forget("3p", "k3"));
    assertEquals([acceptor.size, acceptor.floor], [2, 0]);
  });

  it("sends no answer", () => {
    const acceptor = makeAcceptor();
    script(acceptor, 0, accept("3p", absent(3)));
    assertEquals(acceptor.handle(forget("3p"), asker, 0), { reply: undefined, pushes: [] });
  });
});

describe("Acceptor: tombstones", () => {
  it("names the registers that have been released for a given time, the oldest first", () => {
    const acceptor = makeAcceptor();
    script(acceptor, 100, accept("1p", absent(1), "k1"));
    script(acceptor, 200, accept("1p", absent(1), "k2"), accept("1p", value("x", 1), "k3"));
    script(acceptor, 300, prepare("1p", "k4"));
    assertEquals([...acceptor.tombstones(50, 149)], []);
    assertEquals([...acceptor.tombstones(50, 150)], ["k1"]);
    assertEquals([...acceptor.tombstones(50, 9_000)], ["k1", "k2"]);
  });

  it("omits those that were set again or forgotten; a second release starts a new wait", () => {
    const acceptor = makeAcceptor();
    for (const register of ["k1", "k2", "k3"]) {
      script(acceptor, 0, accept("1p", absent(1), register));
    }
    script(acceptor, 10, accept("2p", value("x", 2), "k1"), forget("1p", "k2"));
    script(acceptor, 20, accept("2p", absent(2), "k3"));
    assertEquals([...acceptor.tombstones(0, 100)], ["k3"]);
    assertEquals([[...acceptor.tombstones(80, 99)], [...acceptor.tombstones(80, 100)]], [[], [
      "k3",
    ]]);
  });

  it("copied ones count from the time of the copy: the sweep makes them votes", () => {
    const acceptor = makeAcceptor();
    const accepted = { ballot: ballot("1p"), state: absent(1) };
    acceptor.adopt([{ register: "k1", promised: ballot("1p"), accepted }], 0, 500);
    assertEquals([[...acceptor.tombstones(50, 549)], [...acceptor.tombstones(50, 550)]], [[], [
      "k1",
    ]]);
  });
});
