import { writeFrames } from "../../../transports/link/frame_stream.ts";
import { encodeMessage } from "../../../transports/websocket/message.ts";
import { makeNonce } from "../../../transports/auth/handshake.ts";
import { enter } from "../../transports/websocket/support/setup.ts";
import { RawSession } from "../../transports/http/support/setup.ts";
import { turn } from "../../support/wait.ts";
import { MEMBERS } from "../shared.ts";
import type { Attack, Field } from "./attack.ts";
import { FORGED } from "./forged.ts";
import type { Answer, Conduct } from "./stand_in.ts";

const MIB = 2 ** 20;

/** The members connect to the true peer first, so that none waits because of an earlier refusal. */
async function beckon({ members, standIn }: Field, over: "ws" | "http"): Promise<void> {
  await Promise.all(members.map(async (member, index) => {
    if (over === "ws") void (await enter(member, standIn.id, MEMBERS[index])).close();
    else {
      const session = await RawSession.enter(member, standIn.id, MEMBERS[index]);
      await session.post("farewell", new Uint8Array(0));
    }
  }));
}

function behaves(what: string, over: "ws" | "http", conduct: (field: Field) => Conduct): Attack {
  return {
    ...{ what, who: "server", over },
    async run(field) {
      await beckon(field, over);
      await field.standIn.during(field.over, conduct(field));
    },
  };
}

/** Says something to each member that connects. */
const says = (
  what: string,
  say: (socket: WebSocket, hello: Record<string, string>, field: Field) => unknown,
): Attack =>
  behaves(what, "ws", (field) => ({
    speak(socket, hello) {
      socket.onclose = ({ code }) => field.answered(code);
      try {
        void say(socket, JSON.parse(hello), field);
      } catch {
        field.answered("gone");
      }
    },
  }));

/** Answers the requests of the members. */
const answers = (
  what: string,
  answer: (request: Request, field: Field) => ReturnType<Answer>,
): Attack =>
  behaves(what, "http", (field) => ({
    answer(request) {
      field.answered("asked");
      return answer(request, field);
    },
  }));

const json = (socket: WebSocket, value: unknown) => socket.send(JSON.stringify(value));
const challenge = ({ standIn }: Field) => ({ id: standIn.id, nonce: makeNonce() });
const GUESS = "A".repeat(43);

/** As long as the time and the socket last. */
async function pour(socket: WebSocket, field: Field, data: string | Uint8Array<ArrayBuffer>) {
  while (!field.isOver() && socket.readyState === WebSocket.OPEN) {
    socket.send(data);
    await turn();
    while (socket.bufferedAmount > 8 * MIB && !field.isOver()) await turn(1);
  }
}

const overWebSocket: Attack[] = [
  says("a welcome without a proof", (socket) => json(socket, { welcome: true })),
  says("a welcome with a guess", (socket) => json(socket, { welcome: true, proof: GUESS })),
  says("a challenge, and a welcome with a guess", (socket, _, field) => {
    json(socket, challenge(field));
    json(socket, { welcome: true, proof: GUESS });
  }),
  says("the member's own proof sent back", (socket, _, field) => {
    socket.onmessage = ({ data }) => json(socket, { welcome: true, ...JSON.parse(`${data}`) });
    json(socket, challenge(field));
  }),
  says("the member's own hello sent back", (socket, hello) => json(socket, hello)),
  says("a challenge of another node", (socket) => json(socket, { id: "m2", nonce: makeNonce() })),
  says("challenges without end", (socket, _, field) => {
    for (let index = 0; index < 1_000; index++) json(socket, challenge(field));
  }),
  says("nothing", () => {}),
  says("noise", (socket) => socket.send(crypto.getRandomValues(new Uint8Array(1_000)))),
  says(
    "text of 1 MiB, without a pause",
    (socket, _, field) => pour(socket, field, "x".repeat(MIB)),
  ),
  says(
    "messages of 1 MiB, without a pause",
    (socket, _, field) => pour(socket, field, new Uint8Array(MIB)),
  ),
  says("a refusal", (socket) => socket.close(4401, "refused: ".repeat(10))),
  says("word that the member was replaced", (socket) => socket.close(4409, "replaced")),
  says("a close without a reason", (socket) => socket.close()),
  behaves("a redirect in place of an upgrade", "ws", (field) => ({
    refuse() {
      field.answered("asked");
      const location = `${field.victim.url("http")}/session`;
      return new Response(null, { status: 307, headers: { location } });
    },
  })),
  behaves("a page in place of an upgrade", "ws", (field) => ({
    refuse() {
      field.answered("asked");
      return new Response("x".repeat(10 * MIB));
    },
  })),
];

/** 300 MiB, as gzip of 300 kB. */
const bomb = new Response(
  new Blob(Array.from({ length: 300 }, () => new Uint8Array(MIB))).stream()
    .pipeThrough(new CompressionStream("gzip")),
).arrayBuffer();

function endless(field: Field): ReadableStream<Uint8Array> {
  return new ReadableStream({
    pull(controller) {
      if (field.isOver()) return controller.close();
      controller.enqueue(new Uint8Array(MIB));
    },
  });
}

const overHttp: Attack[] = [
  answers("a redirect of the hello to another address", (_, field) =>
    new Response(null, {
      status: 307,
      headers: { location: `${field.victim.url("http")}/session` },
    })),
  answers("a session without a proof", () => Response.json({ session: "s" })),
  answers(
    "a session with a guess",
    (request, field) =>
      request.json().then((said) =>
        Response.json(
          "nonce" in said && "synod" in said ? challenge(field) : { session: "s", proof: GUESS },
        )
      ),
  ),
  answers(
    "the member's own proof sent back",
    (request, field) =>
      request.json().then((said) =>
        Response.json("synod" in said ? challenge(field) : { session: "s", proof: said.proof })
      ),
  ),
  answers("a body without an end", (_, field) => new Response(endless(field))),
  answers(
    "300 MiB packed into 300 kB",
    async () => new Response(await bomb, { headers: { "content-encoding": "gzip" } }),
  ),
  answers(
    "a refusal with a text without an end",
    (_, field) => new Response(endless(field), { status: 401 }),
  ),
  answers("JSON nested 16,000 deep", () => new Response("[".repeat(16_000))),
  answers("noise", () => new Response(crypto.getRandomValues(new Uint8Array(1_000)))),
  answers("a body that stands still", (_, field) =>
    new Response(
      new ReadableStream({
        async start(controller) {
          controller.enqueue(new Uint8Array(10));
          await field.over;
          controller.close();
        },
      }),
    )),
  answers("no answer", (_, field) => field.over.then(() => new Response(null, { status: 500 }))),
  answers("errors", () => new Response("error", { status: 500 })),
];

const forged = Object.entries(FORGED).flatMap(([what, forge]): Attack[] => [
  says(what, (socket, _, { genesis }) => {
    const piece = writeFrames(forge(genesis));
    json(socket, { welcome: true });
    socket.send(encodeMessage({ answerNow: false, acknowledged: 0, piece }));
  }),
  answers(what, (_, { genesis }) => new Response(writeFrames(forge(genesis)))),
]);

/** The attacks of a server at a peer's address that does not know the secret. */
export const BY_SERVERS: readonly Attack[] = [...forged, ...overWebSocket, ...overHttp];
