import { readConfiguration } from "../../codec.ts";
import type { Life } from "../../paxos/ballot.ts";
import { answerChange } from "../../paxos/change_answers.ts";
import type { ConfigurationRequest } from "../../paxos/configuration_messages.ts";
import type { GenesisReply, GenesisRequest, Header, Request } from "../../paxos/messages.ts";
import { help } from "../../paxos/recovery.ts";
import type { Engine } from "../engine/engine.ts";
import type { Comeback } from "./comeback.ts";
import type { Founding } from "./founding.ts";
import type { GivingUpWatch } from "./giving_up_watch.ts";
import { newLife } from "./lives.ts";
import type { MembershipEvents } from "./membership_events.ts";
import { toldBy } from "./strangers.ts";
import type { StorageUse } from "./storage_use.ts";
import type { ToldPlace } from "./told_place.ts";

/** What a node answers by. */
export interface MemberAnswersParts {
  readonly engine: Engine;
  readonly events: MembershipEvents;
  readonly told: ToldPlace;
  readonly storage: StorageUse;
  readonly founding: Founding;
  readonly comeback: Comeback;
  readonly givingUp: GivingUpWatch;
}

/** What a node answers when others ask about the cluster, about its memory, or for a change of the members. */
export class MemberAnswers {
  readonly #parts: MemberAnswersParts;

  /** Answers with what these parts know. */
  constructor(parts: MemberAnswersParts) {
    this.#parts = parts;
  }

  /** Answers a question of another node. */
  answer(from: string, header: Header, request: Request & GenesisRequest): void {
    const { engine, told, storage, founding, comeback, givingUp } = this.#parts;
    // This process was replaced and is about to close: its memory cannot help another member, and a record in
    // its answer would claim that it can.
    if (engine.place?.standing === "replaced" || (told.votes && engine.voter === null)) return;
    if (storage.isStoring) return;
    comeback.turns.asked(from, header, request, engine.runtime.now());
    if (from === engine.self && header.life > engine.life) givingUp.succeeded();
    if (storage.isUndecided) return storage.steps?.answer(from, header, request);
    const { reply, event, voids } = founding.answer(from, header, request);
    // After a restart it has to go on in the life that answers: a record may name it.
    const { answered } = founding;
    if (reply?.type === "blank" && answered !== "") storage.disk?.answers(answered);
    if (voids) comeback.restart();
    const answer: GenesisReply | undefined =
      reply?.type === "membersMismatch" || !engine.isOutsider(from)
        ? reply ?? this.#help(from, header, request)
        : { type: "notAMember" };
    if (answer !== undefined) engine.reply(from, header.life, { id: request.id, ...answer });
    founding.act(event);
  }

  /** Answers a request about a change of the members. */
  answerChange(from: string, header: Header, request: Request & ConfigurationRequest): void {
    const { engine, comeback, storage } = this.#parts;
    const { place, life } = engine;
    if (place === null) return;
    // A node that closes will be no member, and its last operations would go on in the new life in vain.
    if (request.type === "stand" && storage.isStopped) return;
    // A node that joins and comes no further is as good as silent: the others give up to admit it.
    if (place.standing === "joins" && !place.hasCopied && comeback.isStuck) return;
    let answer = answerChange(place, life, header, request);
    if (answer === "changeLife" && request.type === "stand") {
      this.#beReborn(request.above);
      answer = answerChange(place, engine.life, header, request);
    }
    if (answer === undefined || answer === "changeLife") return;
    engine.reply(from, header.life, { id: request.id, ...answer });
  }

  /** Helps a member that has no memory. */
  #help(from: string, header: Header, request: GenesisRequest) {
    const { engine, events } = this.#parts;
    const { helper, record, runtime } = engine;
    if (header.genesis !== record?.id) return undefined;
    const copies = request.type === "transfer";
    if (helper === null) {
      // It may have copied in an earlier life, and has lost that, or was not let in.
      return copies && engine.place?.standing === "outside" ? toldBy(engine)! : undefined;
    }
    if (copies && request.after === "") events.recovering(from);
    return help(helper, from, header, request, runtime.now(), readConfiguration);
  }

  /** Takes a life above one that may have been its own: that of a member that was removed. */
  #beReborn(above: Life): void {
    const { engine, founding, events } = this.#parts;
    engine.changeLife(newLife(engine, above));
    founding.changeLife(engine.life);
    events.reborn();
  }
}
