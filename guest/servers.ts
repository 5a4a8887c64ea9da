import { refuseUnless } from "../lib/options.ts";
import type { Runtime } from "../lib/node/runtime/runtime.ts";
import type { GuestTransport } from "../transports/guest_line.ts";
import { checkCluster } from "../transports/link/options.ts";
import type { ConnectOptions } from "./connect_options.ts";
import { checkProof } from "./proof.ts";
import { webSocketLine } from "./web_socket_line.ts";

const SCHEMES = ["ws:", "wss:", "http:", "https:"];

/**
 * Connections to servers at addresses; rejects with a `TypeError` that names a bad option. Only a guest of HTTP
 * servers loads what makes requests.
 */
export async function serverTransport(
  options: ConnectOptions,
  sessionTtl: number,
  runtime: Runtime,
): Promise<GuestTransport> {
  const urls = checkServers(options.servers);
  const proof = await checkProof(options, checkCluster("connect", options.cluster));
  const isPushed = urls[0].protocol.startsWith("ws");
  const servers = urls.map((url) => url.href);
  const { WebSocket = globalThis.WebSocket, fetch = globalThis.fetch } = options;
  for (const [name, given] of Object.entries({ WebSocket, fetch })) {
    if (typeof given === "function") continue;
    const isNeeded = isPushed === (name === "WebSocket");
    refuseUnless(given === undefined && !isNeeded, "connect", name, "a function", given);
  }
  if (isPushed) {
    return {
      servers,
      isPushed,
      connect: (server, guest, user) =>
        webSocketLine(server, guest, user, { proof, runtime, WebSocket }),
    };
  }
  const { httpLine } = await import("./http_line.ts");
  return {
    servers,
    isPushed,
    connect: (server, guest, user) =>
      // Some runtimes refuse a `fetch` that is called as a method of another object.
      httpLine(server, guest, user, {
        ...{ proof, runtime, sessionTtl },
        fetch: (url, init) => fetch(url, init),
      }),
  };
}

function checkServers(servers: unknown): readonly URL[] {
  const isList = Array.isArray(servers) && servers.length > 0;
  refuseUnless(isList, "connect", "servers", "a list of addresses, not empty", servers);
  const urls = servers.map((server, index) => {
    let url: URL | null = null;
    try {
      if (typeof server === "string" || server instanceof URL) url = new URL(server);
    } catch {
      // Not a URL: `url` stays null.
    }
    refuseUnless(
      url !== null && SCHEMES.includes(url.protocol),
      "connect",
      `servers[${index}]`,
      "a URL that begins with ws:, wss:, http: or https:",
      server,
    );
    url.pathname = url.pathname.replace(/(.)\/+$/, "$1");
    url.hash = "";
    return url;
  });
  const isSocket = (url: URL) => url.protocol.startsWith("ws");
  if (urls.some((url) => isSocket(url) !== isSocket(urls[0]))) {
    throw new TypeError("connect: servers must be all of ws: and wss:, or all of http: and https:");
  }
  return urls;
}
