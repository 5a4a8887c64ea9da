import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { Authenticator } from "../../../transports/auth/authenticator.ts";
import { HandshakeError } from "../../../transports/auth/handshake_error.ts";
import { IncomingConnection } from "../../../transports/websocket/incoming_connection.ts";
import { Socket } from "../../../transports/websocket/socket.ts";

const CHALLENGED = { hello: {}, challenge: { id: "s", nonce: "n" } };

/** A connection whose handshake ends as `answers` say; `log` shows what left it. */
function start(answers: { hello?: () => unknown; proof?: () => unknown } = {}) {
  const log: string[] = [];
  const raw = {
    send: (data: unknown) => log.push(`send ${data}`),
    close: (code: number, reason: string) => log.push(`close ${code} ${reason}`),
  };
  const socket = new Socket(raw, () => log.push("terminate"));
  socket.listen(() => {}, () => {});
  const authenticator = {
    answerHello: async () => await (answers.hello?.() ?? CHALLENGED),
    verifyProof: async () => await (answers.proof?.() ?? { id: "c", proof: "p" }),
  } as unknown as Authenticator;
  const connection = new IncomingConnection(socket, authenticator, null, (admitted) => {
    log.push(`admit ${"id" in admitted ? admitted.id : "a guest"}`);
  });
  const settle = async () => {
    for (let i = 0; i < 10; i++) await Promise.resolve();
    return log.splice(0);
  };
  return { connection, socket, settle };
}

const NO_PART = "close 4401 refused: that is no part of the handshake";

describe("IncomingConnection", () => {
  it("answers a hello with a challenge, and admits the peer after its proof", async () => {
    const { connection, settle } = start();
    connection.take("{}");
    assertEquals(await settle(), ['send {"id":"s","nonce":"n"}']);
    connection.take("{}");
    assertEquals(await settle(), ['send {"welcome":true,"proof":"p"}', "admit c"]);
  });

  it("admits a peer at once if its hello is enough", async () => {
    const { connection, settle } = start({ hello: () => ({ id: "c" }) });
    connection.take("{}");
    assertEquals(await settle(), ['send {"welcome":true}', "admit c"]);
  });

  it("refuses bytes, text that is no JSON, and a message that nothing expects", async () => {
    for (const data of [Uint8Array.of(123, 125), "{", "x".repeat(20_000)]) {
      const { connection, settle } = start();
      connection.take(data);
      assertEquals(await settle(), [NO_PART]);
    }
    const { connection, settle } = start();
    connection.take("{}");
    connection.take("{}");
    // The answer to the first one comes too late: the connection has ended.
    assertEquals(await settle(), [NO_PART]);
  });

  it("refuses with the reason of the handshake alone", async () => {
    const failures: [unknown, string][] = [
      [new HandshakeError("this is another cluster"), "this is another cluster"],
      [new Error("an internal detail"), "the handshake failed"],
    ];
    for (const [error, reason] of failures) {
      for (const step of ["hello", "proof"] as const) {
        const { connection, settle } = start({ [step]: () => Promise.reject(error) });
        connection.take("{}");
        if (step === "proof") {
          await settle();
          connection.take("{}");
        }
        assertEquals(await settle(), [`close 4401 refused: ${reason}`]);
      }
    }
  });

  it("refuses a peer that is silent for two ticks", async () => {
    const { connection, settle } = start();
    connection.tick();
    assertEquals(await settle(), []);
    connection.tick();
    assertEquals(await settle(), ["close 4401 refused: there was no hello in time"]);
  });

  it("sends a peer away for lack of room, with a code of its own", async () => {
    const { connection, settle } = start();
    connection.postpone("too many connections");
    assertEquals(await settle(), ["close 4429 too many connections"]);
  });

  it("admits nothing on a connection that ended meanwhile", async () => {
    const { connection, socket, settle } = start({ hello: () => ({ id: "c" }) });
    connection.take("{}");
    socket.close(1000, "over");
    assertEquals(await settle(), ["close 1000 over"]);
  });
});
