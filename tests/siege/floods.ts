import { encodeMessage, MAX_PIECE } from "../../transports/websocket/message.ts";
import { LENGTH_BYTES } from "../../transports/link/frame_stream.ts";
import { MAX_FRAME_BYTES } from "../../lib/codec/limits.ts";
import { turn } from "../support/wait.ts";
import { post, RawSession } from "../transports/http/setup.ts";
import type { Reachable } from "../transports/server.ts";
import { RawSocket } from "../transports/raw_socket.ts";
import { enter } from "../transports/websocket/setup.ts";
import { SERVER } from "./besieged.ts";

const MIB = 2 ** 20;

/** So much is sent, in bytes, where nobody stops it. */
export const GIB: number = 2 ** 30;

/** So much may wait in the sender, in bytes. */
const MAX_UNSENT = 8 * MIB;

/** How it ended: the code or status, and how many bytes were given to the runtime until then. */
export interface Flood {
  readonly answer: string | number;
  readonly sent: number;
}

/** Sends what `pieces` are, until there are no more or the other side has ended it. */
async function pour(socket: RawSocket, pieces: Iterable<Uint8Array<ArrayBuffer>>): Promise<Flood> {
  let over = false;
  let sent = 0;
  let heard = 0;
  void socket.ended.then(() => over = true);
  for (const piece of pieces) {
    // Also where nothing waits any more: that the other side has ended it is heard only in between.
    if (sent >= heard + MAX_UNSENT) {
      heard = sent;
      do await turn(1); while (socket.unsent > MAX_UNSENT);
    }
    if (over) break;
    socket.send(piece);
    sent += piece.length;
  }
  // The farewell comes behind all the rest, and is answered when that has been taken.
  await socket.close();
  return { answer: (await socket.ended).code, sent };
}

/** A stranger sends, by WebSocket, messages of 1 MiB. */
export async function strangerByWebSocket(server: Reachable): Promise<Flood> {
  const message = new Uint8Array(MIB);
  const messages = function* () {
    for (let sent = 0; sent < GIB; sent += MIB) yield message;
  };
  return await pour(await RawSocket.open(server.url("ws")), messages());
}

/** A node that has come in sends, by WebSocket, the longest frames there may be; they say nothing. */
export async function peerByWebSocket(server: Reachable): Promise<Flood> {
  const first = new Uint8Array(MAX_PIECE);
  new DataView(first.buffer).setUint32(0, MAX_FRAME_BYTES - LENGTH_BYTES, true);
  const [head, rest] = [first, new Uint8Array(MAX_PIECE)].map((piece) =>
    encodeMessage({ answerNow: false, acknowledged: 0, piece })
  );
  const messages = function* () {
    for (let sent = 0; sent < GIB; sent += MAX_PIECE) {
      yield sent % MAX_FRAME_BYTES === 0 ? head : rest;
    }
  };
  return await pour(await enter(server, "flood-websocket", SERVER), messages());
}

/** A body of 1 GiB, which `request` sends; what is counted is what the runtime has asked for. */
async function pump(
  request: (body: ReadableStream<Uint8Array>) => Promise<{ status: number }>,
): Promise<Flood> {
  let sent = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (sent === GIB) return controller.close();
      controller.enqueue(new Uint8Array(MIB));
      sent += MIB;
    },
  });
  try {
    return { answer: (await request(body)).status, sent };
  } catch {
    return { answer: "cut off", sent };
  }
}

/** A stranger sends one request. */
export async function strangerByHttp(server: Reachable): Promise<Flood> {
  return await pump((body) => post(server, "session", body));
}

/** A node that has come in sends one request. */
export async function peerByHttp(server: Reachable): Promise<Flood> {
  const session = await RawSession.enter(server, "flood-http", SERVER);
  return await pump((body) => session.post("frames", body));
}
