import { writeFrames } from "../../../transports/link/frame_stream.ts";
import { encodeMessage } from "../../../transports/websocket/message.ts";
import { nodeToken } from "../../../transports/websocket.ts";
import { makeLife } from "../../../lib/paxos/ballot.ts";
import { VERSION } from "../../../transports/auth/version.ts";
import { turn } from "../../support/wait.ts";
import { OTHER_SECRET } from "../../transports/support/networks.ts";
import { RawSocket } from "../../transports/support/raw_socket.ts";
import { hello } from "../../transports/websocket/support/setup.ts";
import { type Attack, type Field, orLate, repeat } from "./attack.ts";
import { FORGED } from "./forged.ts";
import { pings, RawTcp, UPGRADE } from "./raw_tcp.ts";

const MIB = 2 ** 20;

/** Opens a WebSocket, says something, and waits for its end for a moment. */
function says(
  what: string,
  say: (socket: RawSocket, field: Field) => unknown,
  width = 10,
  patience = 300,
): Attack {
  return {
    ...{ what, who: "stranger", over: "ws" },
    run: (field) =>
      repeat(field, width, async () => {
        const socket = await RawSocket.open(field.victim.url("ws"));
        await say(socket, field);
        const end = await orLate(socket.ended, patience);
        if (end !== "late") return end.code;
        void socket.close();
        return "no end yet";
      }),
  };
}

/** Makes a request. */
function asks(
  what: string,
  request: (field: Field) => readonly [route: string, body: BodyInit | null, headers?: HeadersInit],
  method = "POST",
  width = 10,
): Attack {
  return {
    ...{ what, who: "stranger", over: "http" },
    run: (field) =>
      repeat(field, width, async () => {
        const [route, body, headers] = request(field);
        const url = `${field.victim.url("http")}/${route}`;
        const signal = AbortSignal.timeout(2_000);
        const response = await fetch(url, { method, body, headers, signal, redirect: "manual" });
        await response.body?.cancel();
        return response.status;
      }),
  };
}

/** Keeps connections that write `first`, and then `rest` bit by bit; waits for their end until the time is over. */
function dribbles(
  what: string,
  over: "ws" | "http",
  connections: number,
  first: string,
  rest: string,
): Attack {
  return {
    ...{ what, who: "stranger", over },
    async run(field) {
      await Promise.all(Array.from({ length: connections }, async () => {
        try {
          const connection = await RawTcp.open(field.victim, over);
          let isOpen = await connection.write(first);
          for (let at = 0; isOpen && !field.isOver(); at++) {
            await Promise.race([turn(50), field.over]);
            if (rest !== "") isOpen = await connection.write(rest[at % rest.length]);
          }
          connection.close();
          field.answered(isOpen ? "still open" : await connection.ended);
        } catch {
          field.answered("refused");
        }
      }));
    },
  };
}

const noise = (length: number) => crypto.getRandomValues(new Uint8Array(length));
const random = () => Math.random().toString(36).slice(2);
const life = () => makeLife(Date.now(), Math.random);
const guestHello = (token: string, guest = "attacker") => ({
  ...{ synod: VERSION, cluster: "synod", guest, life: life(), token },
});
const guestHeaders = (token: string, guest = "attacker") => ({
  "synod-guest": `synod ${guest}/${life()}`,
  authorization: `Bearer ${token}`,
});

const base64 = (value: unknown) =>
  btoa(JSON.stringify(value)).replaceAll("=", "").replaceAll("+", "-").replaceAll("/", "_");
const claims = { sub: "attacker", aud: "synod", exp: Math.floor(Date.now() / 1000) + 3_600 };
const unsigned = `${base64({ alg: "none", typ: "JWT" })}.${base64(claims)}.`;
const foreign = nodeToken({ secret: OTHER_SECRET, id: "attacker" });

/** A body of `size` bytes in pieces of 1 MiB, without an announced length. */
function stream(size: number): ReadableStream<Uint8Array> {
  let sent = 0;
  return new ReadableStream({
    pull(controller) {
      if (sent >= size) return controller.close();
      controller.enqueue(new Uint8Array(MIB));
      sent += MIB;
    },
  });
}

const overWebSocket: Attack[] = [
  says("noise", (socket) => socket.send(noise(1_000))),
  says("text that is no JSON", (socket) => socket.send("garbage")),
  says("JSON of 1 MiB", (socket) => socket.send(`"${"x".repeat(MIB)}"`)),
  says("JSON nested 16,000 deep", (socket) => socket.send("[".repeat(16_000))),
  says("JSON with __proto__", (socket) => socket.send(`{"__proto__":{"welcome":true},"synod":2}`)),
  says("a hello, and then nothing", (socket) => socket.say(hello("m2", "m1")), 10, 50),
  says("two hellos", (socket) => {
    socket.say(hello("m2", "m1"));
    socket.say(hello("m3", "m1"));
  }),
  says("a proof that is a guess", (socket) => {
    socket.say(hello("m2", "m1"));
    return socket.hear().then(() => socket.say({ proof: "A".repeat(43) }));
  }),
  says("the server's own challenge sent back", (socket) => {
    socket.say(hello("m2", "m1"));
    return socket.hear().then((challenge) => socket.say(challenge));
  }),
  says("a proof before the hello", (socket) => socket.say({ proof: "A".repeat(43) })),
  says("a welcome", (socket) => socket.say({ welcome: true })),
  says(
    "a hello for another cluster",
    (socket) => socket.say({ ...hello("m2", "m1"), cluster: random() }),
  ),
  says("a hello for another node", (socket) => socket.say(hello("m2", random()))),
  says("a hello with the server's own id", (socket) => socket.say(hello("m1", "m1"))),
  says("hellos with a new id each", (socket) => socket.say(hello(random(), "m1")), 50, 50),
  says("a hello of another version", (socket) => socket.say({ ...hello("m2", "m1"), synod: 9 })),
  says("a guest without a token", (socket) => socket.say({ ...guestHello(""), token: undefined })),
  says("a guest with an unsigned token", (socket) => socket.say(guestHello(unsigned))),
  says(
    "a guest with a token of another secret",
    async (socket) => socket.say(guestHello(await foreign)),
  ),
  says(
    "a guest with the id of a member",
    async (socket) => socket.say(guestHello(await foreign, "m2")),
  ),
  says("a token of 16,000 characters", (socket) => socket.say(guestHello("a.".repeat(8_000)))),
  says("messages of 1 MiB, without a pause", async (socket, field) => {
    const message = new Uint8Array(MIB);
    let over = false;
    void socket.ended.then(() => over = true);
    while (!over && !field.isOver()) {
      socket.send(message);
      await turn();
      while (socket.unsent > 8 * MIB && !over && !field.isOver()) await turn(1);
    }
  }, 2),
  says("connections that are opened and closed", (socket) => socket.close(), 30),
  {
    ...{ what: "1,000 silent connections", who: "stranger", over: "ws" },
    async run(field) {
      const sockets = await Promise.all(
        Array.from({ length: 1_000 }, () => RawSocket.open(field.victim.url("ws"))),
      );
      await field.over;
      const isOpen = await Promise.all(sockets.map((socket) => orLate(socket.ended, 0)));
      for (const end of isOpen) field.answered(end === "late" ? "still open" : end.code);
      for (const socket of sockets) void socket.close();
    },
  },
  dribbles("200 upgrades, byte by byte", "ws", 200, "", UPGRADE),
  dribbles("200 WebSockets that answer no ping", "ws", 200, UPGRADE, ""),
  {
    ...{ what: "a message in frames of one byte, without a mask", who: "stranger", over: "ws" },
    run: (field) =>
      repeat(field, 4, async () => {
        const connection = await RawTcp.open(field.victim, "ws");
        await connection.write(UPGRADE);
        let isOpen = true;
        for (let index = 0; isOpen && index < 100; index++) {
          isOpen = await connection.write(Uint8Array.of(index === 0 ? 2 : 0, 1, 0));
        }
        const end = await orLate(connection.ended, 200);
        connection.close();
        return end;
      }),
  },
  pings("pings without a pause", "stranger"),
  pings("pings without a pause, whose answers it does not read", "stranger", { isDeaf: true }),
];

const overHttp: Attack[] = [
  asks("noise as a hello", () => ["session", noise(1_000)]),
  asks("noise as frames", () => ["frames", noise(1_000)]),
  asks("noise as a farewell", () => ["farewell", noise(1_000)]),
  asks("a hello, and then nothing", () => ["session", JSON.stringify(hello("m2", "m1"))]),
  asks("hellos with a new id each", () => ["session", JSON.stringify(hello(random(), "m1"))]),
  asks("a proof that is a guess", () => [
    "session",
    JSON.stringify({ nonce: "0".repeat(32), proof: "A".repeat(43) }),
  ]),
  asks("a hello of 16 MiB", () => ["session", new Uint8Array(16 * MIB)], "POST", 2),
  asks("keys of sessions that are guessed", () => [
    "frames",
    new Uint8Array(0),
    { authorization: `Bearer ${random()}` },
  ]),
  asks("a key of 7,000 characters", () => [
    "frames",
    new Uint8Array(0),
    { authorization: `Bearer ${"k".repeat(7_000)}` },
  ]),
  asks("16 MiB of zeros as frames", () => ["frames", new Uint8Array(16 * MIB)], "POST", 2),
  asks("a body without an end", () => ["session", stream(2 ** 30)], "POST", 2),
  asks("a guest's body without an end", () => ["guest", stream(2 ** 30)], "POST", 2),
  asks("a guest without a token", () => ["guest", noise(100), { "synod-guest": "synod a/b" }]),
  asks("a guest with an unsigned token", () => ["guest", noise(100), guestHeaders(unsigned)]),
  {
    ...asks("a guest with a token of another secret", () => ["guest", null]),
    async run(field) {
      const token = await foreign;
      await asks("", () => ["guest", noise(100), guestHeaders(token)]).run(field);
    },
  },
  asks("a guest with a token of 7,000 characters", () => [
    "guest",
    noise(100),
    guestHeaders("a.".repeat(3_500)),
  ]),
  asks("a guest's header that no expression should be slow with", () => [
    "guest",
    noise(10),
    { "synod-guest": " / ".repeat(2_000) },
  ]),
  asks("a page of another origin", () => [
    "session",
    JSON.stringify(hello("m2", "m1")),
    { origin: "https://evil.example" },
  ]),
  asks("methods that are not used", () => ["frames", null], "DELETE"),
  asks("routes that do not exist", () => [random(), null], "GET"),
  dribbles(
    "200 requests, byte by byte",
    "http",
    200,
    "",
    "POST /synod/session HTTP/1.1\r\nhost: x\r\n",
  ),
  dribbles(
    "200 bodies, byte by byte",
    "http",
    200,
    "POST /synod/session HTTP/1.1\r\nhost: x\r\ncontent-length: 16000\r\n\r\n",
    "x",
  ),
  {
    ...{ what: "requests that break off", who: "stranger", over: "http" },
    run: (field) =>
      repeat(field, 10, async () => {
        const connection = await RawTcp.open(field.victim, "http");
        await connection.write(
          "POST /synod/frames HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\nxx",
        );
        connection.close();
        return "broken off";
      }),
  },
  {
    ...{ what: "requests in one another, by two lengths", who: "stranger", over: "http" },
    run: (field) =>
      repeat(field, 4, async () => {
        const connection = await RawTcp.open(field.victim, "http");
        await connection.write(
          "POST /synod/session HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n" +
            "transfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /synod/state HTTP/1.1\r\n\r\n",
        );
        const end = await orLate(connection.ended, 100);
        connection.close();
        return end;
      }),
  },
];

const forged = Object.entries(FORGED).flatMap(([what, forge]): Attack[] => [
  says(what, (socket, { genesis }) => {
    const piece = writeFrames(forge(genesis));
    socket.send(encodeMessage({ answerNow: false, acknowledged: 0, piece }));
  }, 2),
  asks(what, ({ genesis }) => ["frames", writeFrames(forge(genesis))], "POST", 2),
]);

/** The attacks of programs that have neither the secret nor a token. */
export const BY_STRANGERS: readonly Attack[] = [...forged, ...overWebSocket, ...overHttp];
