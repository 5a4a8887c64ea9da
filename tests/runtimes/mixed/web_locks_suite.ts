import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertRejects } from "@std/assert";
import type { Runtime } from "../../../tasks/suites.ts";
import { MEMBERS, type MixedCluster, othersThan } from "./mixed_cluster.ts";
import { untilQueued } from "./lock_suite.ts";

/** The Web Locks API between members in different runtimes. */
export function webLocksSuite(cluster: () => MixedCluster): void {
  const member = (id: Runtime) => cluster().member(id);

  /** The state of one lock on a member. */
  async function query(id: Runtime, name: string) {
    const { held, pending } = await member(id).tell("query");
    return {
      held: held.filter((info) => info.name === name),
      pending: pending.filter((info) => info.name === name),
    };
  }

  for (const first of MEMBERS) {
    const [second, third] = othersThan(first);

    describe(`locks.request() of ${first}`, () => {
      it("holds the lock until its callback returns, and resolves to its result", async () => {
        const name = `request of ${first}`;
        const { token, ...lock } = await member(first).tell("request", name, name) as Granted;
        assertEquals(lock, { name, mode: "exclusive", held: true });
        const waiting = member(second).tell("request", name, name, { mode: "shared" });
        await untilQueued(cluster(), name, 1);
        for (const id of MEMBERS) {
          assertEquals(await query(id, name), {
            held: [{ name, mode: "exclusive", clientId: first }],
            pending: [{ name, mode: "shared", clientId: second }],
          });
        }
        assertEquals(await member(first).tell("finish", name, ["done", 1n]), ["done", 1n]);
        const next = await waiting as Granted;
        assertEquals([next.mode, next.token > token], ["shared", true]);
        await member(second).tell("finish", name, null);
      });

      it("with ifAvailable calls back with null while another member holds the lock", async () => {
        const name = `not available to ${first}`;
        await member(second).tell("request", name, name);
        const none = await member(first).tell("request", "none", name, { ifAvailable: true });
        assertEquals(none, null);
        assertEquals(await member(first).tell("finish", "none", "without"), "without");
        await member(second).tell("finish", name, null);
      });

      it("with steal rejects the request of the previous holder with an AbortError", async () => {
        const name = `stolen by a request of ${first}`;
        await member(second).tell("request", name, name);
        await member(first).tell("request", name, name, { steal: true });
        // Its callback never returns.
        const error = await assertRejects(() => member(second).tell("outcome", name), Error);
        assertEquals(error.name, "AbortError");
        await member(first).tell("finish", name, null);
      });

      it("is aborted by its signal, and the next in the queue gets the lock", async () => {
        const name = `taken back by ${first}`;
        await member(second).tell("request", name, name);
        const gone = assertRejects(() => member(first).tell("request", name, name), Error);
        await untilQueued(cluster(), name, 1);
        const next = member(third).tell("request", name, name);
        await untilQueued(cluster(), name, 2);
        await member(first).tell("abort", name);
        assertEquals((await gone).name, "AbortError");
        await member(second).tell("finish", name, null);
        await next;
        await member(third).tell("finish", name, null);
        assertEquals(await query(second, name), { held: [], pending: [] });
      });
    });
  }
}

interface Granted {
  readonly name: string;
  readonly mode: string;
  readonly token: number;
  readonly held: boolean;
}
