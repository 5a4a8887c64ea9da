import { show } from "../lib/show.ts";
import type { Runtime } from "../lib/node/runtime/runtime.ts";
import type { GuestTransport } from "../transports/guest_line.ts";
import { checkCluster } from "../transports/link/options.ts";
import type { ConnectOptions } from "./connect_options.ts";
import { httpLine } from "./http_line.ts";
import { checkProof } from "./proof.ts";
import { webSocketLine } from "./web_socket_line.ts";

const SCHEMES = ["ws:", "wss:", "http:", "https:"];

/** Connections to servers at addresses; throws a `TypeError` that names a bad option. */
export function serverTransport(
  options: ConnectOptions,
  sessionTtl: number,
  runtime: Runtime,
): GuestTransport {
  const urls = checkServers(options.servers);
  const proof = checkProof(options, checkCluster("connect", options.cluster));
  const isPushed = urls[0].protocol.startsWith("ws");
  const servers = urls.map((url) => url.href);
  const { WebSocket = globalThis.WebSocket, fetch = globalThis.fetch } = options;
  for (const [name, given] of Object.entries({ WebSocket, fetch })) {
    if (typeof given === "function") continue;
    const isNeeded = isPushed === (name === "WebSocket");
    if (given !== undefined || isNeeded) {
      throw new TypeError(`connect: ${name} must be a function, received ${show(given)}`);
    }
  }
  if (isPushed) {
    return {
      servers,
      isPushed,
      connect: (server, guest, user) =>
        webSocketLine(server, guest, user, { proof, runtime, WebSocket }),
    };
  }
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
  if (!Array.isArray(servers) || servers.length === 0) {
    throw new TypeError(
      `connect: servers must be a list of addresses, not empty, received ${show(servers)}`,
    );
  }
  const urls = servers.map((server, index) => {
    let url: URL | null = null;
    try {
      if (typeof server === "string" || server instanceof URL) url = new URL(server);
    } catch {
      // Not a URL: `url` stays null.
    }
    if (url === null || !SCHEMES.includes(url.protocol)) {
      throw new TypeError(
        `connect: servers[${index}] must be a URL that begins with ws:, wss:, http: or https:, received ${
          show(server)
        }`,
      );
    }
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
