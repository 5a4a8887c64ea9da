/**
 * The consensus core, usable alone: pure state machines without timers, clock, randomness, promises or
 * network. Time comes in as an argument, messages come in and go out as return values, and the same
 * inputs give the same outputs, bit for bit.
 *
 * An acceptor and two proposers, driven by hand:
 *
 * ```ts
 * import { Acceptor, LamportClock, Proposer, type RegisterRequest } from "@synod/synod/paxos";
 *
 * const acceptor = new Acceptor({ maxKeys: 10, maxBytes: 1e6, floor: 0, isStale: () => false });
 * const sender = { member: "a", incarnation: "", vector: [] };
 * const propose = (life: string, value: number) => {
 *   const proposer = new Proposer({
 *     register: "kx", members: ["a"], clock: new LamportClock(), life,
 *     change: ({ state }) => ({ // set once: a present value stays
 *       draft: state?.present ? null : {
 *         present: true, op: `${life}/1`, value: Uint8Array.of(value), bindings: [], owners: [],
 *       },
 *       result: undefined,
 *     }),
 *   });
 *   let step = proposer.start();
 *   while (step.do !== "done") {
 *     if (step.do !== "send") step = proposer.start(); // refused: a greater ballot
 *     const request = (step as { request: RegisterRequest }).request;
 *     const { reply } = acceptor.handle(request, { node: life, life }, 0);
 *     step = proposer.receive(request, sender, reply!) ?? proposer.start();
 *   }
 *   return step.chosen.state;
 * };
 * const first = propose("p", 1);
 * const second = propose("q", 2);
 * console.assert(first?.present && second?.present && second.value[0] === 1); // one value
 * ```
 *
 * @module
 */
export * from "./acceptor.ts";
export { PROMISE_TTL } from "./bare_promises.ts";
export type { CapacityOptions, MakingRoom } from "./capacity.ts";
export * from "./ballot.ts";
export * from "./change.ts";
export * from "./configuration.ts";
export * from "./configuration_messages.ts";
export * from "./disk_start.ts";
export * from "./endings.ts";
export * from "./fencing.ts";
export * from "./genesis.ts";
export * from "./guest_change.ts";
export * from "./incarnations.ts";
export * from "./invariant.ts";
export * from "./kv_register.ts";
export * from "./learner.ts";
export * from "./lease.ts";
export * from "./member_clocks.ts";
export * from "./messages.ts";
export * from "./proposer.ts";
export * from "./quorum.ts";
export * from "./quorum_read.ts";
export * from "./record_query.ts";
export * from "./register.ts";
export * from "./reports.ts";
export type { AliveSession } from "./renewals.ts";
export * from "./sessions.ts";
export * from "./size.ts";
export * from "./tickets.ts";
export * from "./voter.ts";
export * from "./watchers.ts";
export * from "./giving_up.ts";
export * from "./lock_register.ts";
export * from "./recovery.ts";
