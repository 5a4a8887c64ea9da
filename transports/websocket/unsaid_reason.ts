import { reasonOf, statusReason } from "../link/reasons.ts";

/** The longest time for the answer, in milliseconds. */
const PATIENCE = 2_000;

/** Whether this runtime says nothing of why it could not open a WebSocket, and may be asked in another way. */
const IS_MUTE = globalThis.navigator?.userAgent?.startsWith("Node.js/") ?? false;

/**
 * Why no WebSocket could be opened at `url`, if the runtime has not said: asks with a plain request, which fails in the
 * same way. `undefined`: nothing more can be known. (Browsers say nothing on purpose, and tell pages of no such request.)
 */
export function unsaidReason(url: URL): Promise<string> | undefined {
  if (!IS_MUTE) return undefined;
  const plain = new URL(url);
  plain.protocol = url.protocol.replace("ws", "http");
  return ask(plain);
}

async function ask(url: URL): Promise<string> {
  try {
    const signal = AbortSignal.timeout(PATIENCE);
    const { status, headers, body } = await fetch(url, { redirect: "manual", signal });
    body?.cancel().catch(() => {});
    // What kind of page it is tells something only where a node would have answered otherwise.
    return statusReason(status, status === 200 ? headers.get("content-type") ?? "" : "");
  } catch (error) {
    return reasonOf(error);
  }
}
