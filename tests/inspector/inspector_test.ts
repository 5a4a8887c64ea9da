// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { inspectorOf } from "./support/inspected.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";

describe("inspector()", () => {
  it("serves a page that loads nothing from elsewhere, under a strict policy", async () => {
    await using cluster = await VirtualCluster.start(1);
    const { fetch } = inspectorOf(cluster, cluster.nodes[0]);
    for (const path of ["/", "/inspector.js", "/views.js", "/inspector.css"]) {
      const response = await fetch(path);
      assertEquals(response.status, 200);
      const policy = response.headers.get("content-security-policy") ?? "";
      assert(!policy.includes("unsafe") && policy.includes("default-src 'none'"), policy);
      assertStringIncludes(policy, "require-trusted-types-for 'script'");
      const text = await response.text();
      assert(!/https?:|\bon\w+=|style=|innerHTML|\beval\b/.test(text), path);
    }
    const redirect = await fetch("");
    assertEquals([redirect.status, redirect.headers.get("location")], [302, "inspect/"]);
    assertEquals((await fetch("/nothing")).status, 404);
  });

  it("explains the lock of a text, of JSON, and of a link; refuses anything else", async () => {
    await using cluster = await VirtualCluster.start(1);
    const [node] = cluster.nodes;
    await cluster.time.until(node.lock("a"));
    await cluster.time.until(node.lock(["a", 1]));
    const { get, fetch } = inspectorOf(cluster, node);
    assertEquals((await get("/explain?key=a")).state, "held");
    assertEquals((await get(`/explain?key=${encodeURIComponent('["a",1]')}`)).state, "held");
    assertEquals((await get("/explain?key=[a")).state, "free");
    for (const query of ["", "?link=x", "?link=a_Z6eA", "?link=bPb_"]) {
      assertEquals((await fetch(`/explain${query}`)).status, 400, query);
    }
  });

  it("answers with what is wrong, also when the node has closed", async () => {
    const cluster = await VirtualCluster.start(1);
    const { get, fetch } = inspectorOf(cluster, cluster.nodes[0]);
    await cluster[Symbol.asyncDispose]();
    const overview = await get("/overview");
    assertEquals(overview.fatal.code, "closed");
    const response = await fetch("/explain?key=a");
    assertEquals([response.status, (await response.json()).code], [503, "closed"]);
  });
});
