import { type Mutation, mutationsOf } from "./mutation.ts";

const TOGETHER = ["tests/cluster/relayed_clients_test.ts"];

/** Section 10: calls that members relay; and section 1: the trust in relayed messages. */
export const RELAY: readonly Mutation[] = [
  ...mutationsOf("lib/node/engine/dispatcher.ts", ["tests/node/engine/dispatcher_test.ts"], [
    {
      section: 7,
      name: "a message relayed by a member of another genesis is accepted",
      find: "        if (!sameGenesis) return;\n        return this.#takeRelayed",
      replace: "        return this.#takeRelayed",
    },
    {
      section: 7,
      name: "a stranger is admitted through a member",
      find: "if (!view.members.includes(from) && view.record?.clients !== true) return;\n",
      replace: "",
    },
    {
      section: 10,
      name: "a node that is no member relays",
      find: "if (view.isMember && sameGenesis) {",
      replace: "if (sameGenesis) {",
    },
    {
      section: 10,
      name: "a relayed answer counts for another life",
      find: "} else if (payload.repliesTo === view.life) {",
      replace: "} else {",
    },
    {
      section: 3,
      name: "a relayed answer votes",
      find: "{ ...header, life, incarnation: null }",
      replace: "{ ...header, life }",
    },
    {
      section: 10,
      name: "a missing connection is not reported",
      find: 'reply(from, life, { id: request.id, type: "unreachable", to: request.to });',
      replace: "",
    },
    {
      section: 10,
      name: "the working route is not learned",
      find: "routes.relayedBy(from, via);",
      replace: "",
      tests: TOGETHER,
    },
  ]),
  ...mutationsOf("lib/node/wire/relay.ts", ["tests/node/wire/relay_test.ts"], [
    {
      section: 10,
      name: "a message is relayed without a connection",
      find: 'if (reachability(to) === "none") return false;',
      replace: "",
    },
    {
      section: 10,
      name: "a message is relayed to its sender",
      find: "to === self || to === from || ",
      replace: "",
    },
    {
      section: 10,
      name: "the relayed messages of a peer have no bound",
      find: "used.messages >= MAX_MESSAGES || ",
      replace: "",
    },
    {
      section: 10,
      name: "the relayed bytes of a peer have no bound",
      find: " || used.bytes + bytes > MAX_BYTES",
      replace: "",
    },
    {
      section: 10,
      name: "the counted peers of one period have no bound",
      find: "if (this.#used.size >= MAX_PEERS) return false;",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/node/engine/peer_request.ts", ["tests/node/engine/peer_request_test.ts"], [
    {
      section: 10,
      name: "any node answers for the asked node",
      find: "if (from !== to || (reply",
      replace: "if ((reply",
    },
    {
      section: 10,
      name: "no other member is asked",
      find: 'if (reply.type === "unreachable") return this.#tryAnotherRelay(from, reply.to);',
      replace: 'if (reply.type === "unreachable") return;',
    },
    {
      section: 10,
      name: "members are asked in turn without end",
      find: "if (++this.#triedRelays >= members.length) return;",
      replace: "",
    },
    {
      section: 10,
      name: "an answer does not confirm its route",
      find: "      this.#unanswered = 0;\n      take",
      replace: "      take",
    },
  ]),
  ...mutationsOf("lib/singletons/outbound.ts", TOGETHER, [
    {
      section: 10,
      name: "casts are sent only directly",
      find: "this.#core.tell(pid.node, body);",
      replace: `this.#core.engine.ask([pid.node], {
        id: this.#core.engine.pendingReplies.next(), type: "ask", body });`,
    },
  ]),
  ...mutationsOf("lib/singletons/host.ts", TOGETHER, [
    {
      section: 10,
      name: "a node without a connection is not told that a host has gone",
      find: "core.tell(node, body);",
      replace: `core.engine.ask([node], {
        id: core.engine.pendingReplies.next(), type: "ask", body });`,
    },
  ]),
  ...mutationsOf("lib/codec/request.ts", ["tests/codec/request_test.ts"], [
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
