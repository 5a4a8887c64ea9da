import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { Lifeline } from "./lifeline.ts";

/** A process that idles for a long time. */
function sleeper(): Deno.ChildProcess {
  return new Deno.Command("sleep", { args: ["60"] }).spawn();
}

describe("Lifeline", () => {
  it("ends all processes when it is cut, also stopped ones", async () => {
    const lifeline = new Lifeline();
    const [running, stopped] = [sleeper(), sleeper()];
    for (const { pid } of [running, stopped]) await lifeline.add(pid);
    stopped.kill("SIGSTOP");
    await lifeline.close();
    assertEquals((await running.status).signal, "SIGKILL");
    assertEquals((await stopped.status).signal, "SIGKILL");
  });

  it("spares forgotten ids, which may belong to other processes by then", async () => {
    const lifeline = new Lifeline();
    const sleepers = [sleeper(), sleeper(), sleeper()];
    for (const { pid } of sleepers) await lifeline.add(pid);
    const [first, forgotten, last] = sleepers;
    await lifeline.remove(forgotten.pid);
    await lifeline.close();
    assertEquals((await first.status).signal, "SIGKILL");
    assertEquals((await last.status).signal, "SIGKILL");
    forgotten.kill("SIGTERM");
    assertEquals((await forgotten.status).signal, "SIGTERM");
  });
});
