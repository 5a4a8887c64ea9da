import { type Hello, makeNonce, VERSION } from "../../../../transports/auth/handshake.ts";
import { makeProof } from "../../../../transports/auth/proof.ts";
import type { HttpOptions } from "../../../../transports/http.ts";
import { checkOptions } from "../../../../transports/http/options.ts";
import { type HttpTimes, HttpTransport, TIMES } from "../../../../transports/http/transport.ts";
import { FrameReader, writeFrames } from "../../../../transports/link/frame_stream.ts";
import { within } from "../../../support/wait.ts";
import { testKeys } from "../../support/networks.ts";
import type { Reachable } from "../../support/server.ts";

/** A transport with these times instead of the defaults. */
export function transportWith(options: HttpOptions, times: Partial<HttpTimes> = {}): HttpTransport {
  return new HttpTransport(checkOptions(options), { ...TIMES, ...times });
}

/** A hello from `id` to `to`, without a token. */
export const hello = (id: string, to: string): Hello => ({
  synod: VERSION,
  cluster: "synod",
  id,
  to,
  nonce: makeNonce(),
});

/** A response with its whole body. */
export interface Answer {
  readonly status: number;
  readonly body: Uint8Array;
  readonly text: string;
}

/** Sends one request to a route of `server`. */
export async function post(
  server: Reachable,
  route: string,
  body: BodyInit,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const init = { method: "POST", body, headers, duplex: "half" };
  const answer = fetch(`${server.url("http")}/${route}`, init as RequestInit);
  const response = await within(answer, `an answer to /${route}`);
  const bytes = new Uint8Array(await response.arrayBuffer());
  return { status: response.status, body: bytes, text: new TextDecoder().decode(bytes) };
}

/** A session that a test drives by hand. */
export class RawSession {
  readonly #server: Reachable;
  readonly key: string;

  private constructor(server: Reachable, key: string) {
    this.#server = server;
    this.key = key;
  }

  /** Opens a session as the node `id`, with the secret. */
  static async enter(server: Reachable, id: string, to: string): Promise<RawSession> {
    const greeting = hello(id, to);
    const challenge = JSON.parse((await post(server, "session", JSON.stringify(greeting))).text);
    const { nonce } = challenge;
    const proof = await makeProof(await testKeys(), "connect", greeting, challenge);
    const answer = await post(server, "session", JSON.stringify({ nonce, proof }));
    return new RawSession(server, JSON.parse(answer.text).session);
  }

  /** Sends a request of this session. */
  post(route: string, body: BodyInit, headers: Record<string, string> = {}): Promise<Answer> {
    return post(this.#server, route, body, { authorization: `Bearer ${this.key}`, ...headers });
  }

  /** Sends frames; returns the status and the frames of the answer. */
  async say(...frames: Uint8Array[]): Promise<{ status: number; frames: Uint8Array[] }> {
    const { status, body } = await this.post("frames", writeFrames(frames));
    return { status, frames: status === 200 ? new FrameReader().read(body) ?? [] : [] };
  }
}
