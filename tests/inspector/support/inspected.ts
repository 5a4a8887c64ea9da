import { assertEquals } from "@std/assert";
import { Hono } from "hono";
import { inspector, type InspectorOptions } from "../../../lib/inspector/inspector.ts";
import type { ClusterNode } from "../../../mod.ts";
import type { VirtualCluster } from "../../support/virtual_cluster.ts";

/** The inspector of a node, at `/ops/inspect`, and what it answers. */
export function inspectorOf(
  cluster: VirtualCluster,
  node: ClusterNode,
  options?: InspectorOptions,
) {
  const app = new Hono().route("/ops/inspect", inspector(node, options));
  const fetch = (path: string, init?: RequestInit) =>
    cluster.time.until(Promise.resolve(app.request(`http://host/ops/inspect${path}`, init)));
  return {
    fetch,
    // deno-lint-ignore no-explicit-any -- any JSON
    async get(path: string): Promise<any> {
      const response = await fetch(path);
      assertEquals(response.headers.get("content-type"), "application/json");
      return await cluster.time.until(response.json());
    },
    async post(path: string, body: unknown, headers: Record<string, string> = {}) {
      const own = { "content-type": "application/json", "x-synod-inspector": "1" };
      const init = { method: "POST", body: JSON.stringify(body), headers: { ...own, ...headers } };
      const response = await fetch(path, init);
      return { status: response.status, answer: await response.json() };
    },
  };
}
