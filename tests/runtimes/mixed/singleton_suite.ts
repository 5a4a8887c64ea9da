import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Runtime } from "../../../tasks/suites.ts";
import { valueOf } from "../../support/expect.ts";
import { eventually } from "../../support/wait.ts";
import { MEMBERS, type MixedCluster, othersThan } from "./mixed_cluster.ts";

/** Number of names that is sufficient to find a singleton on a given member. */
const NAMES = 100;

/** The key of a singleton that runs on `host` now; `name` must be unique. */
export async function singletonOn(
  cluster: MixedCluster,
  host: Runtime,
  name: string,
): Promise<string> {
  for (let n = 0; n < NAMES; n++) {
    const key = `${name} ${host} ${n}`;
    const { node } = valueOf(await cluster.member(host).tell("whereis", key));
    if (node === host) return key;
  }
  throw new Error(`none of ${NAMES} singletons was started on ${host}`);
}

/** Singletons between members in different runtimes. */
export function singletonSuite(cluster: () => MixedCluster): void {
  const member = (id: Runtime) => cluster().member(id);

  describe("singletons", () => {
    it("start once in the cluster, at the first call, and count every call", async () => {
      const key = "called by all";
      const lookups = () => cluster().all(({ tell }) => tell("lookup", key));
      for (const lookup of await lookups()) assertEquals(lookup, { ok: false, error: "not_found" });
      const counts = await cluster().all(({ tell }) =>
        Promise.all(Array.from({ length: 10 }, () => tell("call", key, "inc") as Promise<number>))
      );
      for (const own of counts) assertEquals(own, own.toSorted((a, b) => a - b), "out of order");
      assertEquals(
        counts.flat().sort((a, b) => a - b),
        Array.from({ length: 30 }, (_, index) => index + 1),
      );
      const hosts = await cluster().all(({ tell }) => tell("call", key, "host"));
      for (const lookup of await lookups()) assertEquals(valueOf(lookup).node, hosts[0]);
      assertEquals(hosts, [hosts[0], hosts[0], hosts[0]]);
    });

    for (const host of MEMBERS) {
      it(`that run on ${host} can be called from every member`, async () => {
        const key = await singletonOn(cluster(), host, "called");
        for (const [index, caller] of MEMBERS.entries()) {
          assertEquals(await member(caller).tell("call", key, "host"), host);
          assertEquals(await member(caller).tell("call", key, "inc"), index + 1);
        }
      });

      it(`that run on ${host} pass their exceptions to their callers`, async () => {
        const key = await singletonOn(cluster(), host, "throws");
        for (const caller of othersThan(host)) {
          const error = await assertRejects(
            () => member(caller).tell("call", key, "fail", ["too much"]),
            Error,
            "too much",
          );
          assertEquals(error.name, "RangeError");
        }
      });

      it(`that run on ${host} accept casts, and calls with a time limit`, async () => {
        const key = await singletonOn(cluster(), host, "cast");
        const [one, other] = othersThan(host);
        await member(one).tell("cast", key, "inc");
        await eventually(
          async () => await member(one).tell("call", key, "inc") as number > 2,
          "the cast was counted",
        );
        const error = await assertRejects(() => member(other).tell("tryCall", key, "hang", 50));
        assertEquals((error as Error).name, "TimeoutError");
      });

      it(`that run on ${host} end, and start again at the next call from another member`, async () => {
        const key = await singletonOn(cluster(), host, "ends");
        const [one, other] = othersThan(host);
        const before = valueOf(await member(one).tell("lookup", key));
        await member(one).tell("call", key, "inc");
        await member(one).tell("call", key, "end");
        assertEquals(await member(other).tell("call", key, "inc"), 1);
        const after = valueOf(await member(other).tell("lookup", key));
        assert(after.seq !== before.seq || after.session !== before.session);
      });
    }
  });
}
