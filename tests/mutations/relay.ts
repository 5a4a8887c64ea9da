import { type Mutation, mutationsOf } from "./mutation.ts";

const TOGETHER = ["tests/scripted/relaying_test.ts"];

/** What has to hold where members pass calls on: section 10, and who is believed (section 1). */
export const RELAY: readonly Mutation[] = [
  ...mutationsOf("lib/node/engine/dispatcher.ts", ["tests/scripted/engine_test.ts"], [
    {
      section: 7,
      name: "what a member of another genesis passes on is taken",
      find: "        if (!sameGenesis) return;\n        return this.#takeRelayed",
      replace: "        return this.#takeRelayed",
    },
    {
      section: 7,
      name: "a stranger is let in behind a member",
      find: "if (!view.members.includes(from) && view.record?.clients !== true) return;\n",
      replace: "",
    },
    {
      section: 10,
      name: "a node that is no member passes on",
      find: "if (view.isMember && sameGenesis) {",
      replace: "if (sameGenesis) {",
    },
    {
      section: 10,
      name: "an answer that was passed on counts for another life",
      find: "} else if (payload.repliesTo === view.life) {",
      replace: "} else {",
    },
    {
      section: 3,
      name: "an answer that was passed on votes",
      find: "{ ...header, life, incarnation: null }",
      replace: "{ ...header, life }",
    },
    {
      section: 10,
      name: "nobody is told that there is no connection",
      find: 'reply(from, life, { id: request.id, type: "unreachable", to: request.to });',
      replace: "",
    },
    {
      section: 10,
      name: "nobody learns which way works",
      find: "ways.brought(from, via);",
      replace: "",
      tests: TOGETHER,
    },
  ]),
  ...mutationsOf("lib/node/wire/relay.ts", ["tests/scripted/relay_test.ts"], [
    {
      section: 10,
      name: "it is passed on though there is no connection",
      find: 'if (way(to) === "none") return false;',
      replace: "",
    },
    {
      section: 10,
      name: "it is passed on to who said it",
      find: "to === self || to === from || ",
      replace: "",
    },
    {
      section: 10,
      name: "one peer may have any number of messages passed on",
      find: "used.messages >= MAX_MESSAGES || ",
      replace: "",
    },
    {
      section: 10,
      name: "one peer may have any number of bytes passed on",
      find: " || used.bytes + bytes > MAX_BYTES",
      replace: "",
    },
    {
      section: 10,
      name: "the peers of one period are counted without a bound",
      find: "if (this.#used.size >= MAX_PEERS) return false;",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/node/engine/peer_request.ts", ["tests/scripted/asking_test.ts"], [
    {
      section: 10,
      name: "anybody answers for the node that was asked",
      find: "if (from !== to || (reply",
      replace: "if ((reply",
    },
    {
      section: 10,
      name: "no other member is asked",
      find: 'if (reply.type === "unreachable") return this.#elsewhere(from, reply.to);',
      replace: 'if (reply.type === "unreachable") return;',
    },
    {
      section: 10,
      name: "members are asked round and round",
      find: "if (++this.#refused >= members.length) return;",
      replace: "",
    },
    {
      section: 10,
      name: "a node that is no member says that there is no connection",
      find: " || !members.includes(member)",
      replace: "",
    },
    {
      section: 10,
      name: "an answer does not show that the way is good",
      find: "      this.#unanswered = 0;\n      take",
      replace: "      take",
    },
  ]),
  ...mutationsOf("lib/singletons/outbound.ts", TOGETHER, [
    {
      section: 10,
      name: "casts have no way but directly",
      find: "engine.askOnce(pid.node, {",
      replace: "engine.ask([pid.node], {",
    },
  ]),
  ...mutationsOf("lib/singletons/host.ts", TOGETHER, [
    {
      section: 10,
      name: "who is not connected is not told that a host has gone",
      find: "engine.askOnce(node, {",
      replace: "engine.ask([node], {",
    },
  ]),
  ...mutationsOf("lib/codec/request.ts", ["tests/codec/frame_malformed_test.ts"], [
    {
      section: 10,
      name: "anything may be relayed, also what was relayed",
      find: 'if (kind?.handler !== "node") refuse("not to be relayed");',
      replace: "",
    },
    {
      section: 10,
      name: "votes may be relayed",
      find:
        'isPersonal(reply) ? { repliesTo: life, message: reply } : refuse("not to be relayed");',
      replace: "{ repliesTo: life, message: reply as PersonalReply };",
    },
  ]),
];
