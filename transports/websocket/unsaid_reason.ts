import { SYSTEM_TIME } from "../link/link_time.ts";
import { addressOf, NO_REASON, reasonOf, statusReason } from "../link/reasons.ts";
import type { ClientSocketConstructor } from "./options.ts";

/** The longest time for an answer, in milliseconds. */
const PATIENCE = 2_000;

/** The time from one question to the next, in milliseconds: there are far more attempts. */
const PAUSE = 5_000;

/** The time after which the answer may be about another failure, in milliseconds. */
const LASTING = 3 * PAUSE;

/** Whether this runtime says nothing of why it could not open a WebSocket, and may be asked in another way. */
const IS_MUTE = globalThis.navigator?.userAgent?.startsWith("Node.js/") ?? false;

/**
 * Why no WebSocket can be opened to a peer, if the runtime does not say: asks with a plain request, which fails in the
 * same way. No attempt waits for the answer; later ones have it. (Browsers say nothing on purpose, and tell pages of no
 * such request.)
 */
export class UnsaidReason {
  readonly #WebSocket: ClientSocketConstructor;
  /** The question under way. */
  #question: AbortController | null = null;
  /** When the latest one was asked. */
  #asked = -Infinity;
  /** The address that the answer is about. */
  #address = "";
  #answer = NO_REASON;

  /** `WebSocket`: the class that connects. */
  constructor(WebSocket: ClientSocketConstructor) {
    this.#WebSocket = WebSocket;
  }

  /** What is known of why an attempt at `url` has failed just now; asks, if that was not done lately. */
  of(url: URL): string {
    // A class of the user may go another way, with a proxy or certificates: nothing must be sent around it.
    if (!IS_MUTE || this.#WebSocket !== globalThis.WebSocket) return NO_REASON;
    const age = SYSTEM_TIME.now() - this.#asked;
    if (age >= LASTING) this.forget();
    if (this.#question === null && age >= PAUSE) void this.#ask(url);
    return addressOf(url) === this.#address ? this.#answer : NO_REASON;
  }

  /** Ends the question under way, and forgets the answer to the latest one. */
  forget(): void {
    this.#question?.abort();
    this.#question = null;
    this.#asked = -Infinity;
    this.#address = "";
  }

  async #ask(url: URL): Promise<void> {
    const question = this.#question = new AbortController();
    this.#asked = SYSTEM_TIME.now();
    const cancel = SYSTEM_TIME.setTimer(() => question.abort(), PATIENCE);
    const answer = await ask(url, question.signal);
    cancel();
    if (this.#question !== question) return;
    this.#question = null;
    this.#address = addressOf(url);
    this.#answer = answer;
  }
}

/** The same place for a plain request, which must not contain a user name. */
function plainOf(url: URL): URL {
  const plain = new URL(url);
  plain.protocol = url.protocol.replace("ws", "http");
  plain.username = plain.password = "";
  return plain;
}

async function ask(url: URL, signal: AbortSignal): Promise<string> {
  try {
    // What is in the address is for this server alone.
    const { status, headers, body } = await fetch(plainOf(url), { redirect: "manual", signal });
    body?.cancel().catch(() => {});
    // The attempt had a user name, which may have been enough.
    if (status === 401 && url.username !== "") return NO_REASON;
    // What kind of page it is tells something only where a node would have answered otherwise.
    return statusReason(status, status === 200 ? headers.get("content-type") ?? "" : "");
  } catch (error) {
    // Without an answer in time nothing is known: the attempt itself has failed sooner.
    return signal.aborted ? NO_REASON : reasonOf(error);
  }
}
