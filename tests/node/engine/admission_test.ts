// Runs in Deno alone: pure.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { mayAnswer, mayAsk, type Role } from "../../../lib/node/engine/admission.ts";
import type { Reply, Request } from "../../../lib/paxos/messages.ts";
import { Random } from "../../codec/support/random.ts";
import { RandomFrames } from "../../codec/support/random_frames.ts";

const ROLES: readonly Role[] = ["outsider", "client", "member"];

const frames = new RandomFrames(new Random(19));

describe("mayAsk() (section 7)", () => {
  /** The lowest role that may send each kind of request. */
  const LOWEST: Readonly<Record<Request["type"], Role>> = {
    prepare: "client",
    accept: "client",
    fast: "client",
    chosen: "client",
    read: "client",
    watch: "client",
    unwatch: "client",
    list: "client",
    forget: "member",
    renew: "client",
    fence: "client",
    look: "client",
    end: "client",
    sessionOf: "client",
    hosts: "client",
    enquire: "outsider",
    incarnation: "member",
    transfer: "member",
    announce: "member",
    // A node changes the members before it is one, and a node that joins is none yet.
    configure: "client",
    incarnationOf: "client",
    stand: "client",
    inventory: "client",
    raiseFloor: "client",
    handover: "client",
    ask: "client",
    order: "client",
    relay: "client",
    relayed: "member",
    // Proofs that a life is over come from nodes that run no more, too.
    over: "client",
    watchLife: "client",
  };

  it("is true from one role on, for each kind of request", () => {
    for (const type of Object.keys(frames.requests) as Request["type"][]) {
      const request = frames.request(type);
      // The purpose of an enquiry counts as well; the next test goes through them.
      const asked = request.type === "enquire"
        ? { ...request, purpose: "record" as const }
        : request;
      const allowed = ROLES.filter((role) => mayAsk(role, asked));
      assertEquals(allowed, ROLES.slice(ROLES.indexOf(LOWEST[type])), type);
    }
  });

  it("lets any node ask for the record, and members alone take part in genesis and giving up", () => {
    const allowed = (["record", "genesis", "givingUp"] as const).map((purpose) => {
      const request: Request = { id: 1, type: "enquire", members: ["a"], purpose, round: 1 };
      return ROLES.filter((role) => mayAsk(role, request));
    });
    assertEquals(allowed, [[...ROLES], ["member"], ["member"]]);
  });
});

describe("mayAnswer() (section 7)", () => {
  it("lets any node say whether it knows a cluster, clients also answer what concerns their processes or the list of members, and members alone anything else", () => {
    const ofOutsiders = ["record", "blank", "membersMismatch"];
    const ofClients = [
      ...["told", "handed", "unordered"],
      ...["configured", "newerConfiguration", "unknownEpoch", "standing"],
    ];
    for (const type of Object.keys(frames.replies) as Reply["type"][]) {
      const allowed = ROLES.filter((role) => mayAnswer(role, frames.reply(type)));
      const lowest = ofOutsiders.includes(type) ? 0 : ofClients.includes(type) ? 1 : 2;
      assertEquals(allowed, ROLES.slice(lowest), type);
    }
  });
});
