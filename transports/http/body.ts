/** The time that a body may take to come, in milliseconds; a slow one keeps a connection and its bytes. */
const PATIENCE = 10_000;

/**
 * The whole body of a request or a response, or `null` if it has more than `limit` bytes, as they are read,
 * or takes longer than `patience` milliseconds: then no more than that was kept of it. Rejects if it breaks
 * off.
 */
export async function readBody(
  message: Request | Response,
  limit: number,
  patience: number = PATIENCE,
): Promise<Uint8Array | null> {
  const announced = message.headers.get("content-length");
  if (announced !== null && !(Number(announced) <= limit)) {
    await message.body?.cancel();
    return null;
  }
  if (message.body === null) return new Uint8Array(0);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<null>((resolve) => timer = setTimeout(() => resolve(null), patience));
  try {
    // What a request announces is what comes. A response may be unpacked on its way, so that far more comes.
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
      // Not waited for: who sends nothing may not take note of it either.
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
