import { MAX_GUEST_FRAME } from "../../lib/codec/limits.ts";
import type { AdmittedGuest, GuestAuthenticator } from "../auth/guest_authenticator.ts";
import { HandshakeError } from "../auth/handshake_error.ts";
import { VERSION } from "../auth/version.ts";
import type { GuestClose, GuestReception } from "../guests.ts";
import { GUEST_HEADER, HOLD_HEADER, LAST_RESPONSE, readFrames } from "./batch.ts";
import { HttpGuest } from "./guest.ts";

/** Guests whose frames are kept for their next request; the gateway has a bound of its own. */
const MAX_GUESTS = 20_000;

/** The form of the header of a guest: cluster, id and life. */
const HEADER = /^(.{1,200}) ([^ /]{1,64})\/([^ /]{20})$/s;

const STATUS: Readonly<Record<GuestClose, number>> = {
  replaced: 409,
  malformed: 400,
  refused: 401,
  full: 503,
  closing: 503,
};

/** The guests that speak to this node's gateway by requests. Each request proves who sends it. */
export class HttpGuests {
  readonly #authenticator: GuestAuthenticator;
  readonly #reception: GuestReception;
  readonly #guests = new Map<string, HttpGuest>();

  /** `authenticator` decides which guests are admitted, `reception` is the gateway. */
  constructor(authenticator: GuestAuthenticator, reception: GuestReception) {
    this.#authenticator = authenticator;
    this.#reception = reception;
  }

  /** Answers a request of a guest. */
  async answer(request: Request): Promise<Response> {
    const [, cluster, guest, life] = HEADER.exec(request.headers.get(GUEST_HEADER) ?? "") ?? [];
    const [scheme, token] = (request.headers.get("authorization") ?? "").split(" ");
    let admission: AdmittedGuest;
    try {
      if (guest === undefined) throw new HandshakeError("that is no request of a guest");
      admission = await this.#authenticator.admit({
        ...{ synod: VERSION, cluster, guest, life },
        ...(scheme.toLowerCase() === "bearer" && { token }),
      });
    } catch (error) {
      await request.body?.cancel();
      return refuse(
        "refused",
        error instanceof HandshakeError ? error.message : "the proof failed",
      );
    }
    const frames = await readFrames(request, MAX_GUEST_FRAME).catch(() => null);
    if (frames === null) return refuse("malformed", "this is no batch of frames");
    const { proof } = admission;
    const name = `${proof.id}/${proof.life}`;
    let known = this.#guests.get(name);
    if (known === undefined) {
      if (this.#guests.size >= MAX_GUESTS) return refuse("full", "there are too many guests");
      const made = known = new HttpGuest(() => {
        if (this.#guests.get(name) === made) this.#guests.delete(name);
      });
      const answer = this.#reception.admit(proof, made);
      if ("why" in answer) return refuse(answer.why, answer.reason);
      made.port = answer;
      this.#guests.set(name, made);
    }
    const ended = await known.answer(frames, holdOf(request));
    return ended instanceof Response ? ended : refuse(ended.why, ended.reason);
  }

  /** Must be called at regular intervals: forgets guests that make no more requests. */
  tick(): void {
    for (const guest of this.#guests.values()) guest.tick();
  }

  /** Answers all requests, and forgets all guests. */
  close(): void {
    for (const guest of this.#guests.values()) guest.close("closing", "the node has closed");
  }
}

/** The longest time to hold the request, in milliseconds. */
function holdOf(request: Request): number {
  const wish = request.headers.get(HOLD_HEADER);
  return wish !== null && /^\d{1,6}$/.test(wish) ? Number(wish) : 0;
}

function refuse(why: GuestClose, reason: string): Response {
  const status = STATUS[why];
  const headers = status === 401
    ? { "www-authenticate": "Bearer" }
    : why === "closing"
    ? LAST_RESPONSE
    : undefined;
  return new Response(reason, { status, headers });
}
