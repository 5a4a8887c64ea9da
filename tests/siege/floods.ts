import { encodeMessage, MAX_PIECE } from "../../transports/websocket/message.ts";
import { LENGTH_BYTES } from "../../transports/link/frame_stream.ts";
import { MAX_FRAME_BYTES } from "../../lib/codec/limits.ts";
import { turn } from "../support/wait.ts";
import { post, RawSession } from "../transports/http/support/setup.ts";
import type { Reachable } from "../transports/support/server.ts";
import { RawSocket } from "../transports/support/raw_socket.ts";
import { enter } from "../transports/websocket/support/setup.ts";
import { SERVER } from "./besieged.ts";

const MIB = 2 ** 20;

/** Size of a flood in bytes, if the server does not stop it. */
export const GIB: number = 2 ** 30;

/** Unsent bytes in the sender, at most. */
const MAX_UNSENT = 8 * MIB;

/** The end of a flood: the code or status, and the number of bytes given to the runtime until then. */
export interface Flood {
  readonly answer: string | number;
  readonly sent: number;
}

/** Sends `pieces`, until there are no more or the other side closes the connection. */
async function pour(socket: RawSocket, pieces: Iterable<Uint8Array<ArrayBuffer>>): Promise<Flood> {
  let over = false;
  let sent = 0;
  let heard = 0;
  void socket.ended.then(() => over = true);
  for (const piece of pieces) {
    // Waits even if nothing is unsent: the event loop must run for the end of the connection to arrive.
    if (sent >= heard + MAX_UNSENT) {
      heard = sent;
      do await turn(1); while (socket.unsent > MAX_UNSENT);
    }
    if (over) break;
    socket.send(piece);
    sent += piece.length;
  }
  // The close frame follows all data, and is answered when the data has been read.
  await socket.close();
  return { answer: (await socket.ended).code, sent };
}

/** A stranger sends messages of 1 MiB over WebSocket. */
export async function strangerByWebSocket(server: Reachable): Promise<Flood> {
  const message = new Uint8Array(MIB);
  const messages = function* () {
    for (let sent = 0; sent < GIB; sent += MIB) yield message;
  };
  return await pour(await RawSocket.open(server.url("ws")), messages());
}

/** An authenticated node sends frames of maximum size, without meaning, over WebSocket. */
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

/** Sends a body of 1 GiB with `request`; counts the bytes that the runtime has pulled. */
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

/** A stranger sends one request of 1 GiB. */
export async function strangerByHttp(server: Reachable): Promise<Flood> {
  return await pump((body) => post(server, "session", body));
}

/** An authenticated node sends one request of 1 GiB. */
export async function peerByHttp(server: Reachable): Promise<Flood> {
  const session = await RawSession.enter(server, "flood-http", SERVER);
  return await pump((body) => session.post("frames", body));
}
