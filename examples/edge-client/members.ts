import { Hono } from "hono";
import { type ClusterNode, join } from "../../mod.ts";
import { http } from "../../transports/http.ts";
import { Visits } from "./visits.ts";

/** Three members, each with a server of its own. */
export interface Members extends AsyncDisposable {
  readonly nodes: readonly ClusterNode[];
  /** Their addresses, by id. */
  readonly peers: Readonly<Record<string, string>>;
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
  const nodes = await Promise.all(members.map((id, index) => {
    const transport = http({ peers, secret });
    apps[index].route("/synod", transport.routes);
    // A node with the secret may join as a client, without a vote.
    return join({ id, members, transport, clients: true, hosts: [Visits] });
  }));
  // A cluster begins with all of its members; after that two of three are enough.
  await Promise.all(nodes.map((node) => node.ready));
  return {
    nodes,
    peers,
    async [Symbol.asyncDispose]() {
      await Promise.all(nodes.map((node) => node.close()));
      await Promise.all(servers.map((server) => server.shutdown()));
    },
  };
}
