// Runs in Deno alone: pure; frame_test.ts proves frames in each runtime.
import { describe, it } from "@std/testing/bdd";
import { MAX_HOSTS, MAX_TTL } from "../../lib/codec.ts";
import { MAX_REST, MAX_WALL_TIME } from "../../lib/codec/limits.ts";
import type { Reply, Request } from "../../lib/paxos/messages.ts";
import { LIFE, SESSION } from "./support/frames.ts";
import { replyIs, requestIs, spoilsField } from "./support/spoil.ts";

/** The fields of that session at its first occurrence. */
const NAMED = ["w1", LIFE, 3];

const RENEW: Request = {
  id: 1,
  type: "renew",
  session: SESSION,
  ttl: 5_000,
  renewal: 7,
  wall: 1.7e12,
  hosts: ["counter"],
};

/** Values that are no time up to `limit`, in milliseconds. */
const noTimes = (limit: number) => [-1, limit + 0.5, 1e300, NaN, Infinity, "1", null];

/** Values that are no number of a renewal. */
const NO_NUMBERS = [-1, 0.5, 2 ** 53, null, "1"];

/** Values that are no life of a node. */
const NO_LIVES = [null, "", "~", "short", 0, 1, 9, 0.5, []];

/** Values that are no id of a singleton's spec. */
const NO_SPECS = ["", "s".repeat(201), 1, null];

describe("SESSION_REQUESTS (section 6)", () => {
  it("have these fields", () => {
    requestIs(RENEW, [7, 1, NAMED, 5_000, 7, 1.7e12, ["counter"]]);
    requestIs({ id: 2, type: "fence", session: SESSION }, [8, 2, NAMED]);
    requestIs({ id: 3, type: "end", session: SESSION }, [9, 3, NAMED]);
    requestIs({ id: 4, type: "look", session: SESSION }, [19, 4, NAMED]);
    requestIs({ id: 5, type: "sessionOf", node: "~guest" }, [10, 5, "~guest"]);
    requestIs({ id: 6, type: "hosts", spec: "é" }, [15, 6, "é"]);
    requestIs({ id: 7, type: "over", life: LIFE }, [20, 7, LIFE]);
    requestIs({ id: 8, type: "watchLife", life: LIFE }, [21, 8, LIFE]);
  });

  it("may have times and lists at their bounds", () => {
    const hosts = Array.from({ length: MAX_HOSTS }, (_, i) => `s${i}`);
    const bounds = { ...RENEW, ttl: MAX_TTL, wall: MAX_WALL_TIME, hosts };
    requestIs(bounds, [7, 1, NAMED, MAX_TTL, 7, MAX_WALL_TIME, hosts]);
    requestIs({ ...RENEW, ttl: 0, renewal: 0, wall: 0, hosts: [] }, [7, 1, NAMED, 0, 0, 0, []]);
  });

  it("refuse invalid sessions and names", () => {
    const fence: Request = { id: 1, type: "fence", session: SESSION };
    const sessions: unknown[] = [null, SESSION, 0, 9, -1, [], ["w1", LIFE], ["w1", LIFE, 1, 2]];
    sessions.push(["", LIFE, 1], ["a/b", LIFE, 1], ["n".repeat(65), LIFE, 1], ["w 1", LIFE, 1]);
    sessions.push(["w1", "", 1], ["w1", 0, 1], ["w1", 1, 1], ["w1", "short", 1], [1, LIFE, 1]);
    sessions.push(["w1", LIFE, -1], ["w1", LIFE, 0.5], ["w1", LIFE, 10 ** 15], ["w1", LIFE, "1"]);
    spoilsField("requests", fence, 2, ...sessions);
    const sessionOf: Request = { id: 1, type: "sessionOf", node: "w1" };
    spoilsField("requests", sessionOf, 2, "", "a/b", "é", "x".repeat(65), null, 1, "w1\n");
  });

  it("refuse what is no life of a node", () => {
    for (const type of ["over", "watchLife"] as const) {
      spoilsField("requests", { id: 1, type, life: LIFE }, 2, ...NO_LIVES);
    }
  });

  it("refuse times, numbers and lists out of range", () => {
    spoilsField("requests", RENEW, 3, ...noTimes(MAX_TTL));
    spoilsField("requests", RENEW, 4, ...NO_NUMBERS);
    spoilsField("requests", RENEW, 5, ...noTimes(MAX_WALL_TIME + 2));
    const tooMany = new Array(MAX_HOSTS + 1).fill("counter");
    spoilsField("requests", RENEW, 6, null, "counter", tooMany, ...NO_SPECS.map((one) => [one]));
    spoilsField("requests", { id: 1, type: "hosts", spec: "counter" }, 2, ...NO_SPECS);
  });
});

describe("SESSION_REPLIES (section 6)", () => {
  const alive: Reply = { id: 4, type: "alive", session: SESSION, remaining: 12.5 };
  const newest: Reply = { id: 5, type: "newest", session: SESSION, remaining: MAX_REST };

  it("have these fields", () => {
    replyIs({ id: 1, type: "renewed", session: SESSION, renewal: 7 }, [8, 1, NAMED, 7]);
    replyIs({ id: 2, type: "refused", session: SESSION }, [9, 2, NAMED]);
    replyIs({ id: 3, type: "fenced", session: SESSION }, [10, 3, NAMED]);
    replyIs(alive, [11, 4, NAMED, 12.5]);
    replyIs(newest, [12, 5, NAMED, MAX_REST]);
    replyIs({ id: 5, type: "newest", session: null, remaining: 0 }, [12, 5, null, 0]);
    replyIs({ id: 6, type: "hosting", nodes: ["w1", "w2"] }, [21, 6, ["w1", "w2"]]);
    replyIs({ id: 7, type: "over", life: LIFE }, [24, 7, LIFE]);
  });

  it("refuse times, numbers and names out of range", () => {
    const renewed: Reply = { id: 1, type: "renewed", session: SESSION, renewal: 7 };
    spoilsField("replies", renewed, 3, ...NO_NUMBERS);
    spoilsField("replies", alive, 3, ...noTimes(MAX_REST));
    spoilsField("replies", newest, 2, 9, "", []);
    spoilsField("replies", newest, 3, ...noTimes(MAX_REST));
    const hosting: Reply = { id: 6, type: "hosting", nodes: ["w1"] };
    spoilsField("replies", { id: 7, type: "over", life: LIFE }, 2, ...NO_LIVES);
    spoilsField("replies", hosting, 2, null, "w1", [""], ["~w1"], [1]);
  });
});
