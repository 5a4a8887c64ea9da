import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { joinWith } from "../../lib/cluster/join_with.ts";
import type { Transport, TransportUser } from "../../mod.ts";
import { assertCode } from "../support/expect.ts";
import { VirtualTime } from "../support/virtual_time.ts";
import { Lifecycle } from "../../lib/cluster/lifecycle.ts";
import type { NodeParts } from "../../lib/cluster/wiring.ts";
import { firstConfiguration } from "../../lib/paxos/configuration.ts";
import type { GenesisRecord } from "../../lib/paxos/messages.ts";

const record = (id: string): GenesisRecord => (
  { id, lives: [], floor: 0, maxTtl: 5_000, clients: true }
);

/** A part that can be used in any way, and does nothing. */
const ANY: unknown = new Proxy(() => {}, {
  get: (_, name) =>
    name === "then" ? undefined : name === Symbol.iterator ? () => [].values() : ANY,
  apply: () => ANY,
});

const CONFIGURATION = firstConfiguration(["a"], ["1"]);

const partly = <T extends object>(known: T): T =>
  new Proxy(known, { get: (part, name) => name in part ? Reflect.get(part, name) : ANY });

/** A node that lives under the record `before`, and in this state if it is a member; `log` is what it does. */
function start(before: string | null, state: "operational" | "recovering" | null) {
  const log: string[] = [];
  const engine = {
    record: before === null ? null : record(before),
    enter(entered: GenesisRecord) {
      log.push(`enters ${entered.id}`);
      engine.record = entered;
    },
    silence: "",
    endOperations: ({ code }: { code: string }) => void log.push(`operations end as ${code}`),
  };
  const session = {
    begin: () => void log.push("session opens"),
    end: () => void log.push("session ends"),
    isValid: () => false,
  };
  const core = {
    session: partly(session),
    watches: partly({ restart: () => void log.push("watches begin again") }),
    close: ({ code }: { code: string }) => void log.push(`closes as ${code}`),
    releaseLimits: () => ({}),
  };
  const parts = {
    engine: partly(engine),
    core: partly(core),
    membership: partly({
      state,
      isFounding: state === "recovering",
      founds: false,
      follow(record: GenesisRecord) {
        const again = engine.record !== null;
        engine.enter(record);
        lifecycle.entered(again);
        lifecycle.outside();
      },
    }),
    gateway: null,
    settings: { id: "x", timeout: 2_000 },
  };
  const lifecycle = new Lifecycle(
    partly(parts) as unknown as NodeParts,
    (type) => void log.push(`event ${type}`),
  );
  if (before !== null) lifecycle.entered(false);
  return { lifecycle, log };
}

describe("Lifecycle.otherRecord() (section 7)", () => {
  it("a client enters its first record, and asks for a session", () => {
    const { lifecycle, log } = start(null, null);
    lifecycle.otherRecord(record("g"), CONFIGURATION, []);
    assertEquals(log, ["enters g", "session opens"]);
  });

  it("a client abandons what it had under another record before it asks for a session", () => {
    const { lifecycle, log } = start("g", null);
    lifecycle.otherRecord(record("h"), CONFIGURATION, []);
    assertEquals(log, [
      "enters h",
      "session ends",
      "operations end as no_quorum",
      "watches begin again",
      "event restart",
      "session opens",
    ]);
  });

  it("an operational member closes as replaced: that record began without its process", () => {
    const { lifecycle, log } = start("g", "operational");
    lifecycle.otherRecord(record("h"), CONFIGURATION, []);
    assertEquals(log.includes("closes as replaced"), true);
    assertEquals(log.includes("enters h"), false);
  });

  it("any other member leaves it to its recovery", () => {
    const { lifecycle, log } = start("g", "recovering");
    lifecycle.otherRecord(record("h"), CONFIGURATION, []);
    assertEquals(log, []);
  });
});

describe("a node that has to close while it opens its transports", () => {
  it("leaves nothing behind: no timer, and no transport that was still opening, or not yet", async () => {
    for (const isRefused of [false, true]) {
      const time = new VirtualTime();
      const log: string[] = [];
      let user: TransportUser | undefined;
      let settle = () => {};
      const opened = new Promise<void>((resolve, reject) => {
        settle = () => isRefused ? reject(new Error("it was closed")) : resolve();
      });
      const transport = (name: string): Transport => ({
        open(_self, _receive, _report, by) {
          log.push(`open ${name}`);
          user = by;
          if (name === "slow") return opened;
        },
        send: () => {},
        close: () => void log.push(`close ${name}`),
      });
      const names = ["first", "slow", "last"];
      const options = { id: "n1", members: ["n1", "n2", "n3"], transport: names.map(transport) };
      const joined = joinWith(options, time.runtime);
      joined.catch(() => {});
      await time.pass(1);
      user?.ended?.(user.life?.() ?? "");
      await time.pass(10);
      assertEquals(log, ["open first", "open slow", ...names.map((name) => `close ${name}`)]);
      settle();
      await assertCode(joined, "replaced");
      assertEquals(log.slice(5), isRefused ? [] : ["close slow"]);
      assertEquals(time.timers, 0);
    }
  });
});

describe("Lifecycle.close()", () => {
  it("shuts the node down even if an error ends the hand-over of its singletons", async () => {
    const log: string[] = [];
    const session = { isValid: () => true, stop: () => {} };
    const parts = {
      engine: partly({
        runtime: { now: () => 0, setTimer: () => () => {} },
        contain: (error: unknown) => error,
        silence: "",
      }),
      core: partly({ session: partly(session), queries: { end: () => Promise.resolve() } }),
      singletons: partly({ isHosting: true, drain: () => Promise.reject(new Error("no")) }),
      lockTable: partly({ close: () => Promise.reject(new Error("no")) }),
      links: { close: () => void log.push("transports close") },
      gateway: null,
      settings: { id: "x", timeout: 2_000 },
    };
    const lifecycle = new Lifecycle(
      partly(parts) as unknown as NodeParts,
      (type) => void log.push(`event ${type}`),
    );
    await lifecycle.close();
    assertEquals(log, ["event error", "transports close"]);
    assertEquals(await lifecycle.closed, { reason: null });
  });
});
