import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { valueOf } from "../../support/expect.ts";
import { MEMBERS, type MixedCluster, othersThan } from "./mixed_cluster.ts";
import { singletonOn } from "./singleton_suite.ts";
import { KEYS, VALUES } from "./values.ts";

/** Values and keys of every type, from each runtime to each other. */
export function valuesSuite(cluster: () => MixedCluster): void {
  for (const from of MEMBERS) {
    describe(`values of ${from}`, () => {
      it("are read unchanged on other members", async () => {
        const bucket = `values of ${from}`;
        for (const [name, value] of Object.entries(VALUES)) {
          await cluster().member(from).tell("put", name, value, { bucket });
        }
        for (const to of othersThan(from)) {
          for (const [name, value] of Object.entries(VALUES)) {
            const got = valueOf(await cluster().member(to).tell("get", name, { bucket }));
            assertEquals(got, value, `${name}, read in ${to}`);
          }
        }
      });

      it("are arguments and results of calls from other members", async () => {
        const key = await singletonOn(cluster(), from, "echo");
        for (const caller of othersThan(from)) {
          for (const [name, value] of Object.entries(VALUES)) {
            const echo = await cluster().member(caller).tell("call", key, "echo", [value]);
            assertEquals(echo, value, `${name}, called from ${caller}`);
          }
        }
      });

      it("may be large", async () => {
        const large = Uint8Array.from({ length: 300_000 }, (_, index) => index * index >> 3);
        await cluster().member(from).tell("put", `large of ${from}`, large);
        for (const to of othersThan(from)) {
          const got = await cluster().member(to).tell("get", `large of ${from}`);
          const bytes = valueOf(got) as Uint8Array;
          assertEquals(bytes.length, large.length);
          assert(
            bytes.every((byte, index) => byte === large[index]),
            `changed in transit to ${to}`,
          );
        }
      });

      it("are found on other members under keys of every type", async () => {
        const bucket = `keys of ${from}`;
        for (const [index, key] of KEYS.entries()) {
          const put = await cluster().member(from).tell("put", key, index, { bucket });
          assertEquals(put, { ok: true, value: index }, "two keys are treated as the same");
        }
        for (const to of othersThan(from)) {
          for (const [index, key] of KEYS.entries()) {
            const got = await cluster().member(to).tell("get", key, { bucket });
            assertEquals(got, { ok: true, value: index }, `key ${index}, in ${to}`);
          }
          // Each listed key must name the same register on this member.
          const listed = await cluster().member(to).tell("keys", bucket);
          assertEquals(listed.length, KEYS.length);
          const indexes = listed.map(async (key) =>
            valueOf(await cluster().member(from).tell("get", key, { bucket }))
          );
          assertEquals((await Promise.all(indexes)).sort(), [...KEYS.keys()].sort());
        }
      });
    });
  }
}
