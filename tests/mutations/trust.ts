import { type Mutation, mutationsOf } from "./mutation.ts";

const ENGINE = ["tests/scripted/engine_test.ts"];
const OUTSIDERS = ["tests/node/outsiders_test.ts"];

/** Who is believed in what: sections 2, 7 and 13. */
export const TRUST: readonly Mutation[] = [
  ...mutationsOf("lib/node/engine/admission.ts", OUTSIDERS, [
    {
      section: 8,
      name: "a client has members forget",
      find: '  forget: "member",',
      replace: '  forget: "client",',
    },
    {
      section: 7,
      name: "a node that is no member gets a copy of everything",
      find: '  transfer: "member",',
      replace: '  transfer: "outsider",',
    },
    {
      section: 1,
      name: "any node may say what another one has said",
      find: '  relayed: "member",',
      replace: '  relayed: "client",',
      tests: ENGINE,
    },
    {
      section: 7,
      name: "any node voids what a recovering member has heard",
      find:
        'if (request.type === "enquire" && request.purpose !== "record") return standing === "member";',
      replace: "",
    },
    {
      section: 7,
      name: "any node tells members that they were replaced",
      find: '  return standing === "member";\n}\n',
      replace: "  return true;\n}\n",
    },
  ]),
  ...mutationsOf("lib/node/engine/cluster_view.ts", ENGINE, [
    {
      section: 2,
      name: "the clock does not follow the frames",
      find: "    this.clock.observe(header.clock);\n",
      replace: "",
    },
    {
      section: 7,
      name: "the crash vector of a client is believed",
      find: "    if (index < 0) return;\n",
      replace: "",
      tests: OUTSIDERS,
    },
    {
      section: 1,
      name: "a client is let in where there are none",
      find: 'return this.#record.clients ? "client" : "outsider";',
      replace: 'return "client";',
    },
    {
      section: 7,
      name: "a client of another genesis is let in",
      find: 'if (this.#record === null || header.genesis !== this.#record.id) return "outsider";',
      replace: 'if (this.#record === null) return "outsider";',
    },
  ]),
  ...mutationsOf("lib/node/engine/engine.ts", ENGINE, [
    {
      section: 2,
      name: "a client may name any counter",
      find: "if (highest > this.#view.counterBound && !this.members.includes(from)) {",
      replace: "if (false) {",
    },
    {
      section: 2,
      name: "a member is held to the bound of clients",
      find: "if (highest > this.#view.counterBound && !this.members.includes(from)) {",
      replace: "if (highest > this.#view.counterBound) {",
    },
  ]),
  ...mutationsOf("lib/node/wire/intake.ts", ["tests/node/intake_test.ts"], [
    {
      section: 13,
      name: "a peer that sends without end has the others lose their frames",
      find: "      if (!this.#makeRoom(line, frame.length)) return;\n",
      replace: "      return;\n",
    },
    {
      section: 13,
      name: "peers do not take turns",
      find: "      this.#aside.delete(from);\n      if (count(line) > 0) {",
      replace: "      if (count(line) === 0) this.#aside.delete(from);\n      else {",
    },
  ]),
  ...mutationsOf("lib/paxos/watchers.ts", ["tests/paxos/watchers_test.ts"], [
    {
      section: 13,
      name: "one node takes the room for the watches of all",
      find: " && (this.#counts.get(node) ?? 0) < MAX_NODE_WATCHES",
      replace: "",
    },
    {
      section: 13,
      name: "a watch that is refused has all others looked at",
      find: "if (now - this.#expired >= interval) this.expire(now);",
      replace: "if (interval === EXPIRY_INTERVAL) this.expire(now);",
    },
  ]),
  ...mutationsOf("lib/node/wire/outbox.ts", ["tests/node/outbox_test.ts"], [
    {
      section: 13,
      name: "a frame has more messages than its receiver takes",
      find: " || pending.count >= MAX_MESSAGES;",
      replace: ";",
    },
  ]),
  ...mutationsOf("lib/node/engine/dispatcher.ts", ENGINE, [
    {
      section: 13,
      name: "one frame is answered with any number of lists",
      find: 'if (request.type === "list" && ++lists > MAX_LISTS) continue;',
      replace: "",
    },
  ]),
  ...mutationsOf("lib/paxos/ballot.ts", OUTSIDERS, [
    {
      section: 2,
      name: "the bound of counters moves with what was counted",
      find: "Math.max(floor, Math.floor(wall * 1_000)) + COUNTER_LEAD);",
      replace: "Infinity);",
    },
  ]),
  ...mutationsOf("lib/codec/frame_reader.ts", OUTSIDERS, [
    {
      section: 2,
      name: "only the clock of a client's frame is bounded",
      find: "    if (counter > this.#highest) this.#highest = counter;\n",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/codec/register_use.ts", OUTSIDERS, [
    {
      section: 3,
      name: "a client writes what is too large, or names no key",
      find: "if (!isPutOf(register, value, maxValueBytes)) return false;",
      replace: "",
    },
    {
      section: 6,
      name: "a client writes a value whose owners nobody would miss",
      find: "owners.length === expected.length && expected.every((one) => owners.includes(one))",
      replace: "true",
    },
    {
      section: 9,
      name: "a client binds a lock to something",
      find: "bindings.length === 0 && ",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/kv/puts.ts", OUTSIDERS, [
    {
      section: 4,
      name: "a put that is handed over writes what is no key",
      find: "if (!isPutOf(register, value, maxValueBytes)) return REFUSED;",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/node/quorum/proposals.ts", OUTSIDERS, [
    {
      section: 3,
      name: "an error of an attempt leaves the timer or the frame that it came up in",
      find:
        "      for (const { operation } of batch) operation.reject(error);\n      return undefined;",
      replace: "      throw error;",
    },
  ]),
  ...mutationsOf("lib/paxos/genesis.ts", ["tests/paxos/genesis_test.ts"], [
    {
      section: 7,
      name: "a genesis takes any clock into its floor",
      find: "Math.min(answer.clock, bound)",
      replace: "answer.clock",
    },
    {
      section: 7,
      name: "the floor of the genesis before is no part of the bound",
      find: "Math.max(this.#options.floor ?? 0, this.#record?.floor ?? 0)",
      replace: "0",
    },
    {
      section: 7,
      name: "a node that is no member keeps members from starting by its list",
      find: " || !members.includes(from)\n        ? undefined",
      replace: "\n        ? undefined",
      tests: OUTSIDERS,
    },
  ]),
];
