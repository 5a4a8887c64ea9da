import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertGreater } from "@std/assert";
import type { Runtime } from "../../../tasks/suites.ts";
import { valueOf } from "../../support/expect.ts";
import { MEMBERS, type MixedCluster, othersThan } from "./mixed_cluster.ts";
import type { Commands } from "./commands.ts";
import type { AnswerTo } from "./member_process.ts";

const ABSENT = { present: false };
const NOT_FOUND = { ok: false, error: "not_found" } as const;

/** The KV between members in different runtimes. */
export function kvSuite(cluster: () => MixedCluster): void {
  const member = (id: Runtime) => cluster().member(id);

  /** Fails unless every member gives this answer. */
  async function everywhere<N extends keyof Commands>(
    expected: AnswerTo<N>,
    name: N,
    ...args: Parameters<Commands[N]>
  ): Promise<void> {
    for (const answer of await cluster().all(({ tell }) => tell(name, ...args))) {
      assertEquals(answer, expected);
    }
  }

  describe("kv", () => {
    it("put() of one key by all members at once returns the same value to all", async () => {
      for (let i = 0; i < 10; i++) {
        const puts = await cluster().all(({ runtime, tell }) => tell("put", `race ${i}`, runtime));
        assert(MEMBERS.some((runtime) => runtime === valueOf(puts[0])));
        for (const put of puts) assertEquals(put, puts[0]);
        await everywhere({ ok: true, value: valueOf(puts[0]) }, "get", `race ${i}`);
      }
    });

    it("claim() of one key by all members at once has one winner, with one token", async () => {
      for (let i = 0; i < 10; i++) {
        const key = `claim ${i}`;
        const claims = (await cluster().all(({ runtime, tell }) => tell("claim", key, runtime)))
          .map(valueOf);
        const [winner, ...others] = MEMBERS.filter((_, index) => claims[index].mine);
        assertEquals(others, []);
        for (const { value, token } of claims) {
          assertEquals([value, token], [winner, claims[0].token]);
        }
        assertGreater(claims[0].token, 0);
        await everywhere({ ok: true, value: claims[0].token }, "token", key);
      }
    });

    it("get() distinguishes an absent value from a default, and separates buckets", async () => {
      await member("bun").tell("put", "name", "in a bucket", { bucket: "bucket" });
      await everywhere(NOT_FOUND, "get", "name");
      await everywhere({ ok: true, value: [1n] }, "get", "name", { default: [1n] });
      await everywhere({ ok: true, value: "in a bucket" }, "get", "name", { bucket: "bucket" });
    });

    it("keys() lists the keys that all members have put, and none of other buckets", async () => {
      await cluster().all(({ runtime, tell }) =>
        tell("put", ["key of", runtime], 1, { bucket: "to list" })
      );
      await member("node").tell("put", "elsewhere", 1, { bucket: "not to list" });
      const listed = MEMBERS.map((runtime) => `key of,${runtime}`).sort();
      for (const keys of await cluster().all(({ tell }) => tell("keys", "to list"))) {
        assertEquals(keys.map(String).sort(), listed);
      }
    });

    for (const writer of MEMBERS) {
      it(`watch() observes on every member a put of a process of ${writer}, and its end`, async () => {
        const key = `watched ${writer}`;
        await cluster().all(({ tell }) => tell("watch", key, key));
        await everywhere(ABSENT, "change", key);
        const pid = await member(writer).tell("spawn", key);
        const claim = valueOf(await member(writer).tell("claim", key, [writer, 1n], { pid }));
        assertEquals(claim.mine, true);
        const { value, token } = claim;
        await everywhere({ present: true, value, token }, "change", key);
        await everywhere({ ok: true, value: pid }, "pid", key);
        await member(writer).tell("exit", key);
        await everywhere(ABSENT, "change", key);
        await everywhere(NOT_FOUND, "get", key);
      });

      it(`put() for a process of ${writer} is handed over by the others`, async () => {
        const name = `owner in ${writer}`;
        const pid = await member(writer).tell("spawn", name);
        const others = othersThan(writer);
        for (const other of others) {
          const put = await member(other).tell("put", `${name} by ${other}`, other, { pid });
          assertEquals(put, { ok: true, value: other });
        }
        await member(writer).tell("exit", name);
        for (const other of others) {
          await everywhere(NOT_FOUND, "get", `${name} by ${other}`);
          const late = await member(other).tell("put", `${name} late`, 1, { pid });
          const reason = `pid ${pid.session}#${pid.seq} has ended, ` +
            "or its node takes no value of 1 bytes";
          assertEquals(late, { ok: false, error: "invalid_value", reason });
        }
      });

      it(`a value bound to a key is gone on every member when the key of ${writer} is gone`, async () => {
        const upper = `upper of ${writer}`;
        const pid = await member(writer).tell("spawn", upper);
        await member(writer).tell("put", upper, "there", { pid });
        const others = othersThan(writer);
        for (const other of others) {
          await member(other).tell("put", `${upper}/${other}`, "below", { key: upper });
          await everywhere({ ok: true, value: "below" }, "get", `${upper}/${other}`);
        }
        await member(writer).tell("exit", upper);
        for (const other of others) await everywhere(NOT_FOUND, "get", `${upper}/${other}`);
      });

      it(`node() reports on every member the binding to the node ${writer}`, async () => {
        const key = `bound to ${writer}`;
        const [other] = othersThan(writer);
        await member(other).tell("put", key, "by another", { node: writer });
        await everywhere({ ok: true, value: writer }, "node", key);
      });
    }

    it("until: a value is gone on every member when its time has passed", async () => {
      await cluster().all(({ tell }) => tell("watch", "until", "until"));
      await everywhere(ABSENT, "change", "until");
      const until = Date.now() + 1_000;
      const claim = await member("bun").tell("claim", "until", "soon gone", { until });
      const { value, token } = valueOf(claim);
      await everywhere({ present: true, value, token }, "change", "until");
      await everywhere(ABSENT, "change", "until");
      assert(Date.now() >= until);
      await everywhere(NOT_FOUND, "get", "until");
    });
  });
}
