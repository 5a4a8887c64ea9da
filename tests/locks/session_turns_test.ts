// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals, assertRejects } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { SessionTurns } from "../../lib/locks/session_turns.ts";
import type { NodeShell } from "../../lib/node/shell.ts";
import { ScriptedNode } from "../support/scripted_node.ts";

/** A node without a session, and requests by name that wait for one. */
async function start() {
  const node = await ScriptedNode.start({ withoutSession: true });
  node.core.session.open();
  const turns = new SessionTurns(node.core);
  const log: string[] = [];
  const enter = (name: string, timeout = 10_000, signal?: AbortSignal) => {
    const deadline = node.time.runtime.now() + timeout;
    Promise.resolve(turns.enter({ deadline, ...(signal && { signal }) })).then(
      () => log.push(name),
      (error) => log.push(`${name}: ${error.code ?? error}`),
    );
  };
  return { node, turns, log, enter };
}

const LIMITS = { deadline: Infinity };

/** Lets all promises settle that can. */
const turn = () => new Promise<void>((resolve) => setTimeout(resolve, 0));

/** A node whose session and operations the test ends; `log` has the requests that ask for the session. */
function play() {
  const log: string[] = [];
  const granted = Promise.withResolvers<string>();
  let isValid = false;
  const turnsAwaited: PromiseWithResolvers<void>[] = [];
  const shell = {
    session: {
      current: "session",
      isValid: () => isValid,
      valid() {
        log.push(`${log.length + 1} asks`);
        return granted.promise;
      },
    },
    operation() {
      const operation = Promise.withResolvers<void>();
      turnsAwaited.push(operation);
      return operation;
    },
  } as unknown as NodeShell;
  return {
    log,
    turns: new SessionTurns(shell),
    /** The request that waits as this one behind others gives up. */
    giveUp: (number: number) => turnsAwaited[number - 1].reject(new Error("enough")),
    grant() {
      isValid = true;
      granted.resolve("session");
    },
  };
}

describe("SessionTurns", () => {
  it("requests go on in the order of their calls, once there is a session", async () => {
    const { node, log, enter } = await start();
    for (const name of ["1", "2", "3"]) enter(name);
    await node.settle();
    assertEquals(log, []);
    await node.ask("a", "b");
    await node.settle();
    assertEquals(log, ["1", "2", "3"]);
  });

  it("with a session and none before it a request goes on in the same turn", async () => {
    const { node, turns } = await start();
    await node.ask("a", "b");
    const limits = { deadline: node.time.runtime.now() + 1_000 };
    assertEquals(turns.enter(limits), node.core.session.current);
  });

  it("a request that gives up leaves the order of the others", async () => {
    const { node, log, enter } = await start();
    const controller = new AbortController();
    enter("1");
    enter("2", 10_000, controller.signal);
    enter("3");
    controller.abort("enough");
    await node.settle();
    assertEquals(log, ["2: enough"]);
    await node.ask("a", "b");
    await node.settle();
    assertEquals(log, ["2: enough", "1", "3"]);
  });

  it("one that is made as the session comes does not pass those that wait for it", async () => {
    const { turns, log, grant } = play();
    void turns.enter(LIMITS);
    grant();
    // The session is there; the request that waits for it has not gone on yet.
    assertEquals(typeof turns.enter(LIMITS), "object");
    await turn();
    assertEquals(log, ["1 asks", "2 asks"]);
    assertEquals(turns.enter(LIMITS), "session");
  });

  it("one behind a request that gave up waits for those before it", async () => {
    const { turns, log, giveUp, grant } = play();
    void turns.enter(LIMITS);
    const second = turns.enter(LIMITS);
    giveUp(1);
    await assertRejects(async () => await second);
    void turns.enter(LIMITS);
    await turn();
    assertEquals(log, ["1 asks"]);
    grant();
    await turn();
    assertEquals(log, ["1 asks", "2 asks"]);
  });

  it("a request waits no longer than its deadline, also if those before it go on", async () => {
    const { node, log, enter } = await start();
    enter("1");
    enter("2", 500);
    await node.time.pass(500);
    await node.settle();
    assertEquals(log, ["2: no_quorum"]);
  });
});
