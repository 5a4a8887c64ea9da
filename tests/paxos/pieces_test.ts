import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import type { Acceptor } from "../../lib/paxos/acceptor.ts";
import { PROMISE_TTL } from "../../lib/paxos/bare_promises.ts";
import { PIECE_BYTES, PIECE_ENTRIES } from "../../lib/paxos/pieces.ts";
import type { ListedRegister, RegisterCopy, RegisterRequest } from "../../lib/paxos/messages.ts";
import type { Binding, State } from "../../lib/paxos/register.ts";
import { WATCH_TTL } from "../../lib/paxos/watchers.ts";
import {
  absent,
  accept,
  asker,
  ballot,
  forget,
  list,
  makeAcceptor,
  prepare,
  read,
  script,
  value,
} from "./support/acceptor_script.ts";

function listed(acceptor: Acceptor, prefix: string, after = ""): string[] {
  const { reply } = acceptor.handle(list(prefix, after), asker, 0);
  assert(reply?.type === "listed");
  return reply.registers.map(({ register }) => register);
}

/** A listed register that nothing can end. */
const inList = (register: string, at: string): ListedRegister => ({
  ...{ register, ballot: ballot(at), present: true, copied: false },
  ...{ bound: false, until: null, owners: 0, stale: [], fast: false },
});

/** The same state with another binding. */
const bound = (state: State, binding: Binding): State =>
  state.present ? { ...state, bindings: [...state.bindings, binding] } : state;

describe("Acceptor: list", () => {
  it("lists in order what it accepted under the prefix: ballot, presence, what can end it", () => {
    const acceptor = makeAcceptor({ isStale: (session) => session.startsWith("dead") });
    const until = { kind: "until", time: 70 } as const;
    const key = { kind: "key", register: "kx", token: 1 } as const;
    const dead = Array.from({ length: 5 }, (_, index) => `dead/1/${index}`);
    script(
      acceptor,
      0,
      accept("2p", value("y", 2, ["n/1/1"]), "ky"),
      accept("1p", value("x", 1), "kx"),
      accept("3p", absent(3), "kz"),
      accept("4p", value("other", 4), "lx"),
      accept("5p", bound(value("u", 5, ["dead/1/0", "n/1/1"]), until), "k1"),
      accept("6p", bound(value("k", 6), key), "k2"),
      accept("7p", value("many", 7, dead), "k3"),
      prepare("5p", "kp"),
    );
    const { reply } = acceptor.handle(list("k"), asker, 0);
    assertEquals(reply, {
      type: "listed",
      registers: [
        { ...inList("k1", "5p"), until: 70, owners: 2, stale: ["dead/1/0"] },
        { ...inList("k2", "6p"), bound: true },
        // All of them would make a long list: it has to be read.
        { ...inList("k3", "7p"), bound: true, owners: 5 },
        inList("kx", "1p"),
        { ...inList("ky", "2p"), owners: 1 },
        { ...inList("kz", "3p"), present: false },
      ],
      more: false,
    });
  });

  it("comes in pieces without gaps and repetitions", () => {
    const acceptor = makeAcceptor({ maxKeys: 10_000 });
    const count = 2 * PIECE_ENTRIES + 5;
    const expected: string[] = [];
    for (let i = 0; i < count; i++) {
      const register = `k${String(i * 7919 % count).padStart(5, "0")}`;
      expected.push(register);
      script(acceptor, 0, accept("1p", value("x", 1), register));
    }
    expected.sort();
    const found: string[] = [];
    const sizes: number[] = [];
    for (let more = true; more;) {
      const { reply } = acceptor.handle(list("k", found.at(-1) ?? ""), asker, 0);
      assert(reply?.type === "listed");
      found.push(...reply.registers.map(({ register }) => register));
      sizes.push(reply.registers.length);
      more = reply.more;
    }
    assertEquals(found, expected);
    assertEquals(sizes, [PIECE_ENTRIES, PIECE_ENTRIES, 5]);
  });

  it("reports no further piece when the last one is exactly full", () => {
    const acceptor = makeAcceptor({ maxKeys: 10_000 });
    for (let i = 0; i < PIECE_ENTRIES; i++) {
      script(acceptor, 0, accept("1p", value("x", 1), `k${i}`));
    }
    const { reply } = acceptor.handle(list("k"), asker, 0);
    assert(reply?.type === "listed");
    assertEquals([reply.registers.length, reply.more], [PIECE_ENTRIES, false]);
  });

  it("shows the newest register, and not the forgotten one", () => {
    const acceptor = makeAcceptor();
    script(acceptor, 0, accept("1p", absent(1), "k1"), accept("1p", value("x", 1), "k2"));
    assertEquals(listed(acceptor, "k"), ["k1", "k2"]);
    script(acceptor, 0, accept("2p", value("x", 2), "k0"), forget("1p", "k1"));
    assertEquals(listed(acceptor, "k"), ["k0", "k2"]);
  });
});

describe("Acceptor: watch", () => {
  const push = (register: string, at: string, state: State, id: number) => ({
    watcher: { node: "w", life: "wl", id },
    reply: { type: "learned", register, ballot: ballot(at), state, fast: false },
  });

  function pushes(acceptor: Acceptor, request: RegisterRequest, now = 0): unknown[] {
    return acceptor.handle(request, asker, now).pushes.map(({ watcher, reply }) => ({
      watcher: { node: watcher.node, life: watcher.life, id: watcher.id },
      reply,
    }));
  }

  it("pushes to watchers what it accepts, and nothing that it refuses or only promises", () => {
    const acceptor = makeAcceptor();
    const watcher = { node: "w", life: "wl" };
    const watching = acceptor.handle({ type: "watch", register: "k1", id: 7 }, watcher, 0);
    assertEquals(watching, { reply: { type: "watching" }, pushes: [] });
    const x = value("x", 2);
    assertEquals(pushes(acceptor, prepare("2p")), []);
    assertEquals(pushes(acceptor, accept("2p", x)), [push("k1", "2p", x, 7)]);
    assertEquals(pushes(acceptor, accept("1p", value("y", 1))), []);
    assertEquals(pushes(acceptor, accept("2p", x, "k2")), []);
    assertEquals(pushes(acceptor, accept("3p", absent(3))), [push("k1", "3p", absent(3), 7)]);
    acceptor.handle({ type: "unwatch", register: "k1", id: 6 }, watcher, 0); // of an earlier watch
    assertEquals(pushes(acceptor, accept("3p", absent(3))).length, 1);
    acceptor.handle({ type: "unwatch", register: "k1", id: 7 }, watcher, 0);
    assertEquals(pushes(acceptor, accept("4p", value("z", 4))), []);
  });

  it("ends by itself when it is not requested again", () => {
    const acceptor = makeAcceptor();
    acceptor.handle({ type: "watch", register: "k1", id: 7 }, { node: "w", life: "wl" }, 100);
    assertEquals(pushes(acceptor, accept("1p", absent(1)), 99 + WATCH_TTL).length, 1);
    assertEquals(pushes(acceptor, accept("2p", absent(2)), 100 + WATCH_TTL).length, 0);
  });
});

describe("Acceptor: copy and adopt", () => {
  function copyAll(acceptor: Acceptor): RegisterCopy[] {
    const all: RegisterCopy[] = [];
    for (let more = true; more;) {
      const piece = acceptor.copy(all.at(-1)?.register ?? "");
      all.push(...piece.registers);
      more = piece.more;
    }
    return all;
  }

  it("accepted states and promises are copied unchanged", () => {
    const [from, to] = [makeAcceptor(), makeAcceptor()];
    script(
      from,
      0,
      accept("2p", value("x", 2), "k1"),
      prepare("6q", "k1"),
      prepare("4p", "k2"),
      accept("3p", absent(3), "k3"),
    );
    to.adopt(copyAll(from), from.floor, 0);
    assertEquals(to.size, 3);
    assertEquals(script(to, 0, read("k1"), read("k2"), read("k3"), prepare("5z", "k1")), [
      "current, promised 6q, x@2 at 2p, copied",
      "current, promised 4p, none",
      "current, promised 3p, absent@3 at 3p, copied",
      "nack 6q",
    ]);
  });

  it("a copy is not a vote until the acceptor itself accepts something for that register", () => {
    const acceptor = makeAcceptor();
    const copy = { register: "k1", promised: ballot("2p") };
    acceptor.adopt([{ ...copy, accepted: { ballot: ballot("2p"), state: value("x", 2) } }], 0, 0);
    const { reply } = acceptor.handle(list("k"), asker, 0);
    assert(reply?.type === "listed" && reply.registers[0].copied);
    assertEquals(
      script(
        acceptor,
        0,
        prepare("3q"),
        accept("2p", value("x", 2)),
        read(),
        accept("3q", value("x", 2)),
        read(),
      ),
      [
        "promise 3q, x@2 at 2p, copied",
        "nack 3q",
        "current, promised 3q, x@2 at 2p, copied",
        "accepted 3q",
        "current, promised 3q, x@2 at 3q",
      ],
    );
    const after = acceptor.handle(list("k"), asker, 0).reply;
    assert(after?.type === "listed" && !after.registers[0].copied);
  });

  it("becomes a vote even at the copied ballot, when that accept arrives again", () => {
    const acceptor = makeAcceptor();
    const accepted = { ballot: ballot("2p"), state: value("x", 2) };
    acceptor.adopt([{ register: "k1", promised: ballot("2p"), accepted }], 0, 0);
    assertEquals(script(acceptor, 0, accept("2p", value("x", 2)), read()), [
      "accepted 2p",
      "current, promised 2p, x@2 at 2p",
    ]);
  });

  it("adopt() takes the highest floor, its own or the one that it copies", () => {
    for (const [own, copied] of [[3, 8], [8, 3]]) {
      const acceptor = makeAcceptor({ floor: own });
      acceptor.adopt([], copied, 0);
      assertEquals(acceptor.floor, 8);
      assertEquals(script(acceptor, 0, prepare("8z")), ["nack 8~"]);
    }
  });

  it("a promise copied without an accepted state is dropped later, like one of its own", () => {
    const acceptor = makeAcceptor();
    acceptor.adopt([{ register: "k1", promised: ballot("7p"), accepted: null }], 0, 1_000);
    script(acceptor, 999 + PROMISE_TTL, read());
    assertEquals([acceptor.size, acceptor.floor], [1, 0]);
    script(acceptor, 1_000 + PROMISE_TTL, read());
    assertEquals([acceptor.size, acceptor.floor], [0, 7]);
  });

  it("copy() returns pieces of a bounded count, all in order, each once", () => {
    const acceptor = makeAcceptor({ maxKeys: 10_000 });
    for (let i = 0; i < PIECE_ENTRIES + 1; i++) {
      script(acceptor, 0, accept("1p", absent(1), `k${String(i).padStart(5, "0")}`));
    }
    const first = acceptor.copy("");
    assertEquals([first.registers.length, first.more], [PIECE_ENTRIES, true]);
    const second = acceptor.copy(first.registers.at(-1)!.register);
    assertEquals([second.registers.length, second.more], [1, false]);
    const ids = copyAll(acceptor).map(({ register }) => register);
    assertEquals(ids, ids.toSorted());
    assertEquals(new Set(ids).size, PIECE_ENTRIES + 1);
  });

  it("copy() returns pieces of a bounded size, with at least one register in each", () => {
    const acceptor = makeAcceptor();
    const large: State = {
      present: true,
      token: 1,
      over: 0,
      op: "op",
      value: new Uint8Array(PIECE_BYTES),
      bindings: [],
      owners: [],
    };
    for (const register of ["k1", "k2", "k3"]) script(acceptor, 0, accept("1p", large, register));
    assertEquals(acceptor.copy("").registers.map(({ register }) => register), ["k1"]);
    assertEquals(copyAll(acceptor).map(({ register }) => register), ["k1", "k2", "k3"]);
    assertEquals([acceptor.copy("k1").more, acceptor.copy("k2").more], [true, false]);
  });
});
