import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { connectWith } from "../../guest/connect.ts";
import type { ChildContext, ChildSpec } from "../../mod.ts";
import { reasonOf } from "../support/expect.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";
import { quiet } from "../support/wait.ts";

/** Two ways, by the gateway, and the turns between them, in milliseconds. */
const AT_ONCE = 10;

/** A cluster with a guest `x`, and a singleton that waits until its call is cancelled. */
async function start() {
  const log: string[] = [];
  let goOn = () => {};
  const spec: ChildSpec<{ wait(): Promise<string>; node(): string }, []> = {
    id: "waiter",
    start: (context: ChildContext) => ({
      node: () => context.node,
      async wait() {
        const { current } = context;
        log.push(`begin of ${current?.node}`);
        await new Promise<void>((resolve, reject) => {
          goOn = resolve;
          current?.signal.addEventListener("abort", () => reject(current.signal.reason));
        }).catch((error) => {
          log.push(error.name);
          throw error;
        });
        return "done";
      },
    }),
  };
  const options = { clients: true, guests: {}, sessionTtl: 1_000 };
  const cluster = await VirtualCluster.start(3, options);
  const host = await cluster.join("host", { hosts: [spec] });
  const { time } = cluster;
  await time.until(host.ready);
  const transport = time.network.guests(cluster.members);
  const guest = connectWith({ id: "x", transport }, time.runtime);
  await time.until(guest.ready);
  const remote = guest.name("k", spec);
  assertEquals(await time.until(remote.node()), "host");
  return {
    ...{ cluster, time, guest, remote, log, goOn: () => goOn() },
    async [Symbol.asyncDispose]() {
      await time.until(guest.close());
      await cluster[Symbol.asyncDispose]();
    },
  };
}

describe("a call of a guest (section 13)", () => {
  it("that it gives up is cancelled at the host", async () => {
    await using test = await start();
    const { cluster, guest, remote, log } = test;
    const abort = new AbortController();
    const { signal } = abort;
    const call = reasonOf(guest.call(remote, "wait", [], { signal }));
    await cluster.pass(20);
    assertEquals(log, ["begin of ~x"]);
    abort.abort();
    await cluster.pass(AT_ONCE);
    await call;
    assertEquals(log, ["begin of ~x", "AbortError"]);
  });

  it("is not cancelled when its gateway closes: the guest waits at another one", async () => {
    await using test = await start();
    const { cluster, time, guest, remote, log, goOn } = test;
    const call = quiet(guest.call(remote, "wait", [], { timeout: 60_000 }));
    await cluster.pass(20);
    // One of these is its gateway.
    for (const id of ["n1", "n2"]) {
      await time.until(cluster.node(id).close());
      await cluster.pass(3_000);
      const again = await cluster.join(id);
      await time.until(again.ready);
      await cluster.pass(3_000);
    }
    await time.until(cluster.node("n3").close());
    await cluster.pass(8_000);
    assertEquals(log, ["begin of ~x"]);
    goOn();
    assertEquals(await time.until(call), "done");
  });
});
