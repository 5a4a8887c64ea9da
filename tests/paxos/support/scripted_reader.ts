import type { Ballot } from "../../../lib/paxos/ballot.ts";
import type { RegisterReply } from "../../../lib/paxos/messages.ts";
import type { Sender } from "../../../lib/paxos/quorum.ts";
import { QuorumRead, type ReadOutcome } from "../../../lib/paxos/quorum_read.ts";
import { REGISTER } from "./changes.ts";
import type { Cluster } from "./acceptors.ts";
import { showBallot, showReply, showState } from "./notation.ts";

/** A reader whose messages a test delivers. */
export class ScriptedReader {
  readonly #cluster: Cluster;
  readonly #name: string;
  readonly #reader: QuorumRead;
  readonly #inFlight = new Map<string, { sender: Sender; reply: RegisterReply }>();
  outcome: ReadOutcome | undefined;

  constructor(cluster: Cluster, name: string, since?: Ballot) {
    this.#cluster = cluster;
    this.#name = name;
    this.#reader = new QuorumRead(cluster.members, since);
  }

  /** Its request reaches `members`, and their replies reach it, one after the other. */
  ask(...members: string[]): this {
    for (const member of members) this.send(member).hear(member);
    return this;
  }

  /** Its request reaches `members`; their replies are in transit. */
  send(...members: string[]): this {
    for (const member of members) {
      this.#cluster.trace.push(`${this.#name}>${member} read`);
      const request = { type: "read", register: REGISTER } as const;
      const reply = this.#cluster.handle(member, request, this.#name);
      const sender = this.#cluster.sender(member);
      this.#inFlight.set(member, { sender, reply: reply! });
    }
    return this;
  }

  /** The replies of `members` reach it. */
  hear(...members: string[]): this {
    for (const member of members) {
      const { sender, reply } = this.#inFlight.get(member)!;
      this.#cluster.trace.push(`${member}>${this.#name} ${showReply(reply)}`);
      const outcome = this.#reader.receive(sender, reply);
      if (outcome === undefined) continue;
      this.outcome = outcome;
      const found = outcome.sure
        ? `sure, ${showState(outcome.chosen.state)} at ${showBallot(outcome.chosen.ballot)}`
        : "not sure";
      this.#cluster.trace.push(`${this.#name}! ${found}`);
    }
    return this;
  }

  /** The members whose reply it still needs. */
  missing(): string[] {
    return this.#reader.missing();
  }
}
