import { Hono } from "hono";
import { type ClusterNode, join } from "../../mod.ts";
import { http } from "../../transports/http.ts";
import { Visits } from "./visits.ts";

/** Three members, each with a server of its own. */
export interface Members extends AsyncDisposable {
  readonly nodes: readonly ClusterNode[];
  /** Their addresses. */
  readonly servers: readonly string[];
  /** The number of requests that guests have made. */
  readonly requests: () => number;
}

/** Starts three members on free ports of this machine; in production each has its own machine. */
export async function startMembers(secret: string): Promise<Members> {
  const members = ["w1", "w2", "w3"];
  const apps = members.map(() => new Hono());
  const servers = apps.map((app) =>
    Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      (request) => app.fetch(request),
    )
  );
  const peers = Object.fromEntries(
    members.map((id, index) => [id, `http://127.0.0.1:${servers[index].addr.port}/synod`]),
  );
  let requests = 0;
  const nodes = await Promise.all(members.map((id, index) => {
    const transport = http({ peers, secret });
    apps[index].use("/synod/guest", async (_, next) => {
      requests++;
      await next();
    });
    apps[index].route("/synod", transport.routes);
    // Guests count as clients. With `authorize` the members say what each guest may do.
    return join({ id, members, transport, clients: true, guests: {}, hosts: [Visits] });
  }));
  // A cluster begins with all of its members; after that two of three are enough.
  await Promise.all(nodes.map((node) => node.ready));
  return {
    nodes,
    servers: Object.values(peers),
    requests: () => requests,
    async [Symbol.asyncDispose]() {
      await Promise.all(nodes.map((node) => node.close()));
      await Promise.all(servers.map((server) => server.shutdown()));
    },
  };
}
