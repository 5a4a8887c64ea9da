import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import { assertEquals, assertGreaterOrEqual } from "@std/assert";
import { Flow } from "./flow.ts";
import { Proxy } from "./proxy.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The next bytes; `null`: the end of the stream. */
async function read(connection: Deno.Conn): Promise<string | null> {
  const buffer = new Uint8Array(1_000);
  const length = await connection.read(buffer).catch(() => null);
  return length === null ? null : decoder.decode(buffer.subarray(0, length));
}

const write = (connection: Deno.Conn, text: string) => connection.write(encoder.encode(text));

/** Whether bytes arrive within a moment; they are not lost. */
async function isQuiet(reading: Promise<unknown>): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const moment = new Promise((resolve) => timer = setTimeout(() => resolve("quiet"), 50));
  const first = await Promise.race([reading, moment]);
  clearTimeout(timer);
  return first === "quiet";
}

describe("Proxy", () => {
  let server: Deno.TcpListener;
  let there: Flow;
  let back: Flow;
  let proxy: Proxy;
  let caller: Deno.Conn;
  let callee: Deno.Conn;

  beforeEach(async () => {
    server = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    [there, back] = [new Flow(), new Flow()];
    proxy = new Proxy(there, back);
    proxy.target = server.addr.port;
    const accepted = server.accept();
    caller = await Deno.connect({ hostname: "127.0.0.1", port: proxy.port });
    callee = await accepted;
  });

  afterEach(() => {
    there.release();
    back.release();
    proxy.close();
    server.close();
    for (const end of [caller, callee]) end.close();
  });

  it("forwards bytes in both directions", async () => {
    await write(caller, "hello");
    assertEquals(await read(callee), "hello");
    await write(callee, "welcome");
    assertEquals(await read(caller), "welcome");
    assertEquals(proxy.size, 1);
  });

  it("holds back the bytes of one side only, until they are released", async () => {
    there.hold();
    assertEquals(there.isHeld, true);
    await write(caller, "one");
    const heard = read(callee);
    assertEquals(await isQuiet(heard), true);
    await write(callee, "other direction");
    assertEquals(await read(caller), "other direction");
    there.release();
    assertEquals(await heard, "one");
    await write(caller, "two");
    assertEquals(await read(callee), "two");
  });

  it("holds back the end of a stream, too", async () => {
    back.hold();
    await write(callee, "farewell");
    callee.close();
    const heard = read(caller);
    assertEquals(await isQuiet(heard), true);
    back.release();
    assertEquals([await heard, await read(caller)], ["farewell", null]);
    callee = await Deno.connect({ hostname: "127.0.0.1", port: server.addr.port }); // to be closed
  });

  it("delays bytes, and keeps their order", async () => {
    back.delay = 60;
    const begun = performance.now();
    await write(callee, "late");
    await write(callee, "r");
    let heard = "";
    while (heard.length < 5) heard += await read(caller);
    assertEquals(heard, "later");
    assertGreaterOrEqual(performance.now() - begun, 59);
  });

  it("closes connections, and accepts none without a target", async () => {
    proxy.reset();
    assertEquals([await read(caller), await read(callee)], [null, null]);
    assertEquals(proxy.size, 0);
    proxy.target = null;
    const another = await Deno.connect({ hostname: "127.0.0.1", port: proxy.port });
    assertEquals(await read(another), null);
    another.close();
  });
});
