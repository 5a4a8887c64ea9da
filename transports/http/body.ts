/**
 * The whole body of a request or a response, or `null` if it has more than `limit` bytes: then no more
 * than that was kept of it. Rejects if it breaks off.
 */
export async function readBody(
  message: Request | Response,
  limit: number,
): Promise<Uint8Array | null> {
  const announced = message.headers.get("content-length");
  if (announced !== null) {
    // What is announced is what comes: the runtime sees to it.
    if (!(Number(announced) <= limit)) {
      await message.body?.cancel();
      return null;
    }
    return new Uint8Array(await message.arrayBuffer());
  }
  if (message.body === null) return new Uint8Array(0);
  const pieces: Uint8Array[] = [];
  let size = 0;
  const reader = message.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
    if (size > limit) {
      await reader.cancel();
      return null;
    }
    pieces.push(value);
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
