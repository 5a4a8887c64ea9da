import { type Mutation, mutationsOf } from "./mutation.ts";

const DRAIN = ["tests/singletons/drain_test.ts"];
const SERVERS = ["tests/transports/drain_test.ts"];
const DEPARTURE = ["tests/singletons/departures_test.ts"];
const ROLLING = ["tests/cluster/rolling_test.ts"];

/** Section 10: a host that leaves. */
export const LEAVING: readonly Mutation[] = [
  ...mutationsOf("lib/singletons/running_instance.ts", DRAIN, [
    {
      section: 10,
      name: "a host that leaves does not wait for calls that have begun",
      find: "await Promise.race([this.instance.hold(), late, this.process.exited]);",
      replace: "void this.instance.hold();",
    },
    {
      section: 10,
      name: "a host that leaves waits for its calls for ever",
      find: "await Promise.race([this.instance.hold(), late, this.process.exited]);",
      replace: "await this.instance.hold();",
    },
    {
      section: 10,
      name: "a young instance of a host that leaves is not passed on",
      find: "(isClosing || !isShort)",
      replace: "!isShort",
    },
  ]),
  ...mutationsOf("lib/singletons/instance.ts", DRAIN, [
    {
      section: 10,
      name: "a host that leaves begins calls",
      find: "if (this.#instance === undefined || this.#isHeld) return;",
      replace: "if (this.#instance === undefined) return;",
    },
  ]),
  ...mutationsOf("lib/singletons/host.ts", DRAIN, [
    {
      section: 10,
      name: "a start on a host that leaves ends as one on a host that lost its session",
      find: "throw this.#leaving ?? lost();\n      }\n      if (!samePid",
      replace: "throw lost();\n      }\n      if (!samePid",
      tests: ["tests/singletons/start_test.ts"],
    },
  ]),
  ...mutationsOf("lib/singletons/singletons.ts", ROLLING, [
    {
      section: 10,
      name: "a node that leaves is still asked to start instances",
      find: "const hidden = core.session.hostNothing();",
      replace: "const hidden = Promise.resolve();",
    },
  ]),
  ...mutationsOf("transports/websocket/server.ts", SERVERS, [
    {
      section: 1,
      name: "a server that stops waits for the WebSockets of other nodes",
      find: 'await this.#end("the server stops");',
      replace: "",
    },
    {
      section: 1,
      name: "a server that stops ends the WebSockets that the node has made",
      find: 'await this.#end("the server stops");',
      replace: 'await Promise.all([this.#end("the server stops"), this.#client.close()]);',
    },
  ]),
  ...mutationsOf("transports/http/transport.ts", SERVERS, [
    {
      section: 1,
      name: "a server that stops holds the requests of other nodes",
      find: "for (const session of [...this.#sessions.values()]) this.#end(session, 503);",
      replace: "",
    },
    {
      section: 1,
      name: "a server that stops takes new nodes by HTTP",
      find: "return this.#peers.isOpen && !this.#isDraining;",
      replace: "return this.#peers.isOpen;",
    },
  ]),
  ...mutationsOf("lib/cluster/wiring.ts", ROLLING, [
    {
      section: 3,
      name: "a member that has restarted is not asked again to tell of changes",
      find: "core.watches.memberVotes(id);",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/singletons/departures.ts", DEPARTURE, [
    {
      section: 10,
      name: "a host leaves without the word of those that may not have its answers",
      find: 'if (answer?.type !== "settled") unsure.push(...names);',
      replace: "",
    },
    {
      section: 10,
      name: "a host that leaves does not name what it has forgotten while it ran",
      find: "const unsure = [...lost];",
      replace: "const unsure: string[] = [];",
      tests: ["tests/guest/departure_test.ts"],
    },
    {
      section: 10,
      name: "a host that leaves believes any life of its callers",
      find: "if (life !== undefined && by !== life) return;",
      replace: "",
    },
    {
      section: 10,
      name: "a host that leaves tells no member",
      find: "for (const member of others) void this.#ask(member, request).then(note);",
      replace: "",
    },
    {
      section: 10,
      name: "an attempt whose answer may be lost never began",
      find: "return (await asked)?.includes(attempt) === false;",
      replace: "return (await asked) !== undefined;",
    },
    {
      section: 10,
      name: "a host that was lost has left in order",
      find: 'return unsure === undefined ? { type: "unknown" } : { type: "departed", unsure };',
      replace: 'return { type: "departed", unsure: unsure ?? [] };',
    },
  ]),
  ...mutationsOf("lib/singletons/open_attempts.ts", DEPARTURE, [
    {
      section: 10,
      name: "a caller says that it has all answers while it waits for one",
      find: "    if (attempts === undefined) {\n      settled();",
      replace: "    if (attempts !== undefined) {\n      settled();",
    },
  ]),
  ...mutationsOf("lib/singletons/inbox.ts", ["tests/singletons/inbox_cancel_test.ts"], [
    {
      section: 10,
      name: "a host that has forgotten callers says that it leaves in order",
      find: "if (this.#callers.hasForgotten || this.#answers.dropped > 0) return undefined;",
      replace: "",
    },
    {
      section: 10,
      name: "a host that has forgotten what still runs says that it leaves in order",
      find: "const isLost = attempt.begun && !attempt.cancellation.isCancelled;",
      replace: "const isLost = false;",
    },
    {
      section: 10,
      name: "a host that has forgotten more than it can name says that it leaves in order",
      find: "if (this.#lost.length > MAX_UNSURE) return undefined;",
      replace: "",
    },
    {
      section: 13,
      name:
        "the member that asked for one attempt of a guest last has the answers to all others, too",
      find: "const { node, life: asker } = attempt.via;",
      replace: "const { node, life: asker } = [...caller.attempts.values()]\n" +
        "          .reduce((one, other) => other.heard > one.heard ? other : one).via;",
    },
  ]),
  ...mutationsOf("guest/calls.ts", ["tests/guest/call_test.ts"], [
    {
      section: 10,
      name: "a guest believes that a call was refused which its host has forgotten",
      find: 'if (outcome.type === "refused" && channel.isReplaced) return { type: "lost" };',
      replace: "",
    },
  ]),
  ...mutationsOf("lib/singletons/outbound.ts", ["tests/singletons/outbound_test.ts"], [
    {
      section: 10,
      name: "a call that is known to have begun never began",
      find: "neverBegan && !hasBegun && call",
      replace: "neverBegan && call",
    },
    {
      section: 13,
      name: "a call never began though its guest has turned to another gateway meanwhile",
      find: "!hasBegun && call.isFirst() ?",
      replace: "!hasBegun ?",
    },
  ]),
  ...mutationsOf("lib/gateway/guest_work.ts", ["tests/guest/departure_test.ts"], [
    {
      section: 13,
      name: "a call that an earlier gateway may have made never began",
      find: "const isFirst = () => !origin.again && origin.isOpen();",
      replace: "const isFirst = () => origin.isOpen();",
    },
    {
      section: 13,
      name: "a call that a later gateway may have made never began",
      find: "const isFirst = () => !origin.again && origin.isOpen();",
      replace: "const isFirst = () => !origin.again;",
      tests: ["tests/gateway/tickets_test.ts"],
    },
  ]),
  ...mutationsOf("lib/gateway/guest_life.ts", ["tests/gateway/tickets_test.ts"], [
    {
      section: 13,
      name: "an operation goes on with the ticket of a guest that has come back",
      find: "if (!this.#tickets.isOpen(this.#reading())) this.#operations.expire();",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/cluster/lifecycle.ts", DRAIN, [
    {
      section: 3,
      name: "a quorum that grants a session is not asked again what waits",
      find: "    this.#parts.core.pacing.reached();\n    this.#parts.singletons.granted();\n",
      replace: "    this.#parts.singletons.granted();\n",
      tests: ["tests/cluster/reached_test.ts"],
    },
    {
      section: 10,
      name: "a node that leaves does not hand its instances over",
      find: "if (singletons.isHosting && core.session.isValid()) {",
      replace: "if (false) {",
    },
    {
      section: 10,
      name: "a node that was replaced while it leaves waits for its calls",
      find: "this.#hurry();",
      replace: "",
    },
  ]),
];
