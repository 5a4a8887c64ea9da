import { MAX_GUEST_FRAME } from "../lib/codec/limits.ts";
import type { Runtime } from "../lib/node/runtime/runtime.ts";
import type { GuestIdentity, Line, LineEnd, LineUser } from "../transports/guest_line.ts";
import { readBody } from "../transports/http/body.ts";
import { FRAMES_TYPE, GUEST_HEADER, HOLD_HEADER, readFrames } from "../transports/http/batch.ts";
import { LONGEST_HOLD } from "../transports/link/beat.ts";
import { writeFrames } from "../transports/link/frame_stream.ts";
import { reasonOf, statusReason } from "../transports/link/reasons.ts";
import type { Proof } from "./proof.ts";

/** What an {@linkcode httpLine} needs. */
export interface HttpLineParts {
  readonly proof: Proof;
  readonly runtime: Runtime;
  /** In milliseconds. */
  readonly sessionTtl: number;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
}

/** Requests under way at the same time; further frames wait and go together. */
const MAX_REQUESTS = 6;

/**
 * How long a server holds a request, as a share of the time to live: the guest has to show newer tickets before
 * the gateway stops to work for it.
 */
const HOLD_SHARE = 1 / 5;
const SHORTEST_HOLD = 50;

/** Bounds of the time that an answer may take beyond that, in milliseconds. */
const SHORTEST_PATIENCE = 1_500;
const LONGEST_PATIENCE = 5_000;

/** Redirects are not followed: they would send tokens to an address that is not configured. */
const REDIRECT = "manual";

/** The longest text of a refusal that is read, in bytes. */
const MAX_REFUSAL = 16_384;

const KINDS = new Map<number, LineEnd["kind"]>([
  [401, "unauthorized"],
  [409, "replaced"],
  [503, "full"],
]);

/** Speaks to a server by requests. */
export function httpLine(
  server: string,
  guest: GuestIdentity,
  user: LineUser,
  parts: HttpLineParts,
): Line {
  return new HttpLine(server, guest, user, parts);
}

class HttpLine implements Line {
  readonly #url: string;
  readonly #guest: GuestIdentity;
  readonly #user: LineUser;
  readonly #parts: HttpLineParts;
  readonly #abort = new AbortController();
  readonly #hold: number;
  readonly #patience: number;
  #frames: Uint8Array[] = [];
  #requests = 0;
  #expecting = false;
  #scheduled = false;
  #ended = false;

  constructor(server: string, guest: GuestIdentity, user: LineUser, parts: HttpLineParts) {
    const url = new URL(server);
    this.#url = `${url.origin}${url.pathname === "/" ? "" : url.pathname}/guest${url.search}`;
    this.#guest = guest;
    this.#user = user;
    this.#parts = parts;
    const { sessionTtl } = parts;
    this.#hold = Math.ceil(
      Math.min(LONGEST_HOLD, Math.max(SHORTEST_HOLD, sessionTtl * HOLD_SHARE)),
    );
    this.#patience = Math.min(LONGEST_PATIENCE, Math.max(SHORTEST_PATIENCE, sessionTtl / 2));
    parts.runtime.defer(() => this.#ended || user.opened());
  }

  send(frame: Uint8Array): void {
    if (this.#ended) return;
    this.#frames.push(frame);
    this.#schedule();
  }

  expect(isExpecting: boolean): void {
    this.#expecting = isExpecting;
    this.#schedule();
  }

  close(): void {
    // The gateway forgets the guest by itself: a farewell would be one request more.
    this.#ended = true;
    this.#abort.abort();
  }

  #schedule(): void {
    if (this.#scheduled || this.#ended) return;
    this.#scheduled = true;
    this.#parts.runtime.defer(() => {
      this.#scheduled = false;
      this.#pump();
    });
  }

  #pump(): void {
    if (this.#ended) return;
    if (this.#frames.length > 0 && this.#requests < MAX_REQUESTS) {
      void this.#request(this.#frames.splice(0));
    } else if (this.#expecting && this.#requests === 0) {
      const frame = this.#user.ask();
      if (frame.length > 0) void this.#request([frame]);
    }
  }

  async #request(frames: readonly Uint8Array[]): Promise<void> {
    this.#requests++;
    let end: LineEnd | undefined;
    try {
      let response = await this.#post(frames, false);
      // The token may have expired since it was made.
      if (response.status === 401) {
        await response.body?.cancel();
        response = await this.#post(frames, true);
      }
      end = await this.#read(response);
    } catch (error) {
      end = error instanceof NoToken
        ? { kind: "unauthorized", reason: error.message, cause: error.cause }
        : { kind: "lost", reason: reasonOf(error), cause: error };
    }
    this.#requests--;
    if (end !== undefined) return this.#end(end);
    this.#schedule();
  }

  async #post(frames: readonly Uint8Array[], isNew: boolean): Promise<Response> {
    const { proof, fetch, runtime } = this.#parts;
    const { id, life } = this.#guest;
    let token: string | undefined;
    try {
      token = await proof.token(id, isNew);
    } catch (error) {
      throw new NoToken(`the token function failed: ${error}`, { cause: error });
    }
    const aborter = new AbortController();
    const abort = () => aborter.abort();
    const cancel = runtime.setTimer(abort, this.#hold + this.#patience);
    this.#abort.signal.addEventListener("abort", abort);
    try {
      if (this.#abort.signal.aborted) abort();
      return await fetch(this.#url, {
        method: "POST",
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          "content-type": FRAMES_TYPE,
          [GUEST_HEADER]: `${proof.cluster} ${id}/${life}`,
          [HOLD_HEADER]: `${this.#hold}`,
        },
        body: writeFrames(frames),
        redirect: REDIRECT,
        signal: aborter.signal,
      });
    } finally {
      cancel();
      this.#abort.signal.removeEventListener("abort", abort);
    }
  }

  /** Takes the frames of a response; returns how the connection has ended, if it has. */
  async #read(response: Response): Promise<LineEnd | undefined> {
    const { status } = response;
    if (status !== 200) {
      const kind = KINDS.get(status);
      const said = await readBody(response, MAX_REFUSAL);
      // Any other status is not of a node, and its text may be a whole page.
      if (kind === undefined) return { kind: "lost", reason: statusReason(status) };
      const text = this.#parts.proof.hide(new TextDecoder().decode(said ?? undefined));
      return { kind, reason: text.slice(0, 200) || statusReason(status) };
    }
    const frames = await readFrames(response, MAX_GUEST_FRAME);
    if (frames === null) return { kind: "lost", reason: "not a batch of frames" };
    for (const frame of frames) if (!this.#ended) this.#user.received(frame);
  }

  #end(end: LineEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#abort.abort();
    this.#user.ended(end);
  }
}

/** The user's `token` function threw. */
class NoToken extends Error {}
