/** The longest time to receive a body, in milliseconds: a slow one occupies a connection and memory. */
const BODY_TIMEOUT = 10_000;

/**
 * The whole body of a request or a response. Returns `null` if it has more than `limit` bytes, counted
 * after decompression, or takes longer than `timeout` milliseconds; no more than `limit` bytes are kept.
 * Rejects if the body breaks off.
 */
export async function readBody(
  message: Request | Response,
  limit: number,
  timeout: number = BODY_TIMEOUT,
): Promise<Uint8Array | null> {
  const announced = message.headers.get("content-length");
  if (announced !== null && !(Number(announced) <= limit)) {
    await message.body?.cancel();
    return null;
  }
  if (message.body === null) return new Uint8Array(0);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<null>((resolve) => timer = setTimeout(() => resolve(null), timeout));
  try {
    // The runtime enforces the announced length of a request. A response may be decompressed by `fetch`, and
    // is then longer than announced.
    if (announced !== null && message instanceof Request) {
      const body = message.arrayBuffer();
      body.catch(() => {});
      const buffer = await Promise.race([body, late]);
      return buffer && new Uint8Array(buffer);
    }
    return await readStream(message.body.getReader(), limit, late);
  } finally {
    clearTimeout(timer);
  }
}

async function readStream(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  limit: number,
  late: Promise<null>,
): Promise<Uint8Array | null> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const read = await Promise.race([reader.read(), late]);
    if (read?.done) break;
    size += read?.value.length ?? 0;
    if (read === null || size > limit) {
      // Not awaited: a sender that has stalled may not react to the cancellation either.
      reader.cancel().catch(() => {});
      return null;
    }
    pieces.push(read.value);
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
