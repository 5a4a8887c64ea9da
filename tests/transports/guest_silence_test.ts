import { assertEquals, assertMatch } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { connect } from "../../guest/mod.ts";
import type { SynodError } from "../../mod.ts";
import { eventually } from "../support/wait.ts";
import { Answering, closedPort } from "./support/answering.ts";
import { ClientWebSocket } from "./support/server.ts";

const TOKEN = "topsecret-token-0815";

describe("a guest that reaches no server", () => {
  for (const scheme of ["ws", "http"] as const) {
    const cases: [what: string, why: RegExp, port: () => Promise<[number, () => unknown]>][] = [
      ["nothing listens there", /refused/i, async () => [await closedPort(), () => {}]],
      ["a page of a proxy", /200|not a batch/, async () => {
        const server = new Answering("page");
        return [await server.listen(), () => server.close()];
      }],
    ];
    for (const [what, why, listen] of cases) {
      it(`says so over ${scheme}, once and in all texts, without what is secret: ${what}`, async () => {
        const [port, close] = await listen();
        const node = await connect({
          id: "guest",
          servers: [`${scheme}://127.0.0.1:${port}/synod?key=topsecret4711`],
          token: () => TOKEN,
          timeout: 100,
          WebSocket: ClientWebSocket,
        });
        const errors: Error[] = [];
        node.addEventListener("error", ({ detail }) => errors.push(detail.error));
        await eventually(() => errors.length > 0, "the event");
        const { waitingFor, genesis } = await node.status();
        const thrown = await node.kv.get("key", { noQuorum: "fail" }).catch(String);
        const ready = node.ready.catch(String);
        await node.close();
        assertEquals(await node.closed, { reason: null });
        assertEquals((errors[0] as SynodError).code, "unreachable");
        const texts = [errors[0].message, waitingFor[0], String(thrown), String(await ready)];
        for (const text of texts) {
          assertMatch(text, why);
          assertEquals(text.includes(`${scheme}://127.0.0.1:${port}/synod: `), true, text);
          assertEquals(/topsecret/.test(text), false, text);
        }
        assertEquals([errors.length, genesis], [1, null]);
        close();
      });
    }
  }
});
