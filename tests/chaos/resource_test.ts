import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { Resource } from "./resource.ts";

describe("Resource", () => {
  it("refuses every visit, also one that only reads, after one with a greater token", async () => {
    const resource = Resource.start(true);
    assertEquals(resource.ask({ key: "k", token: 5 }), { accepted: true, value: 0 });
    assertEquals(resource.ask({ key: "k", token: 5, value: 1 }), { accepted: true, value: 1 });
    assertEquals(resource.ask({ key: "k", token: 7 }), { accepted: true, value: 1 });
    assertEquals(resource.ask({ key: "k", token: 5, value: 2 }), { accepted: false, value: 1 });
    assertEquals(resource.ask({ key: "k", token: 6 }), { accepted: false, value: 1 });
    assertEquals(resource.ask({ key: "other", token: 1 }), { accepted: true, value: 0 });
    assertEquals(resource.refused, 2);
    assertEquals(resource.visits.map(({ token, written }) => [token, written]), [
      [5, null],
      [5, 1],
      [7, null],
      [1, null],
    ]);
    await resource.close();
  });

  it("accepts every visit if it is not fenced, and answers over HTTP", async () => {
    const resource = Resource.start(false);
    for (const [token, value] of [[5, 1], [3, 7]]) {
      const body = JSON.stringify({ key: "k", token, value });
      const response = await fetch(resource.url, { method: "POST", body });
      assertEquals(await response.json(), { accepted: true, value });
    }
    assertEquals(resource.visits.length, 2);
    await resource.close();
  });
});
