import type { Header, RegisterReply, Reply, Request } from "../../lib/paxos/messages.ts";
import type { Action } from "./actions.ts";
import { show, showBallot } from "./choices.ts";
import type { Message } from "./messages.ts";
import type { World } from "./world.ts";

/** An action as a line of text; `row` is the row before it. */
export function tell(world: World, row: Uint32Array, action: Action): string {
  const { messages, clients } = world.parts;
  switch (action.what) {
    case "client": {
      const { name } = world.scope.clients[action.client];
      const got = action.got.map((number) => {
        const message = messages.value(number) as Message & { kind: "answer" | "vote" };
        const from = world.nameOf(message.from);
        if (message.kind === "vote") return `${from}: pushed ${showBallot(message.ballot)}`;
        return `${from}: ${tellReply(message.reply)}`;
      });
      const said = action.outputs.map((output) => {
        switch (output.out) {
          case "ask":
            return `asks ${tellRequest(output.request)}`;
          case "called": {
            const { kind, letter } =
              world.scope.clients[action.client].operations[output.operation];
            return `calls ${kind} ${letter}`;
          }
          case "returned":
            return `returns ${JSON.stringify(output.result)}, chosen: ${show(output.chosen.state)}`;
        }
      });
      const state = clients[action.client].attributes(row[world.layout.client(action.client)]);
      const again = action.then === "start" && state.request !== null ? ["begins again"] : [];
      const hears = got.length > 0 ? [`hears ${got.join(", and ")}`] : [];
      const then = [...hears, ...again, ...said];
      return `${name} ${then.length > 0 ? then.join("; ") : "gives up"}`;
    }
    // deno-lint-ignore no-fallthrough -- every way through it returns
    case "message": {
      const message = messages.value(action.message);
      const name = world.nameOf(action.process);
      const said = tellOutputs(world, row[action.process], world.delivery(action.message));
      switch (message.kind) {
        case "ask": {
          const client = world.scope.clients[message.client].name;
          return `${name} hears ${client}: ${tellRequest(message.request)}${said}`;
        }
        case "question":
        case "reply": {
          const what = message.kind === "question"
            ? tellRequest(message.request)
            : tellReply(message.reply);
          const from = world.nameOf(message.from);
          return `${name} hears ${from} (${tellHeader(message.header)}): ${what}${said}`;
        }
        default:
          throw new Error(`no ${message.kind} is for a process`);
      }
    }
    case "replies": {
      const heard = action.got.map((number) => {
        const { from, header, reply } = messages.value(number) as Message & { kind: "reply" };
        return `${world.nameOf(from)} (${tellHeader(header)}): ${tellReply(reply)}`;
      });
      let state = row[action.process];
      const then = action.got.map((number) => {
        const input = world.delivery(number);
        const said = tellOutputs(world, state, input);
        state = world.parts.process.step(state, input).next;
        return said;
      });
      return `${world.nameOf(action.process)} hears ${heard.join(", and ")}${then.join("")}`;
    }
    case "process": {
      const { process, input } = action;
      const name = world.nameOf(process);
      const said = tellOutputs(world, row[process], world.parts.processInputs.number(input));
      return `${name}: ${input.do}${said}`;
    }
    case "restart":
      return `${world.nameOf(action.process)} starts, in life ${action.life}`;
  }
}

function tellOutputs(world: World, state: number, input: number): string {
  const { outputs } = world.parts.process.step(state, input);
  const told = outputs.map((output) => {
    switch (output.out) {
      case "question":
        return `asks ${output.to}: ${tellRequest(output.request)}`;
      case "reply":
        return `answers ${output.to}: ${tellReply(output.reply)}`;
      case "answer":
        return `answers: ${tellReply(output.reply)}`;
      case "made":
        return `makes record ${output.record.id} of the lives ${output.record.lives.join()}`;
      case "entered":
        return `votes under record ${output.record.id}`;
      case "gaveUp":
        return "gives up";
    }
  });
  return told.map((line) => `; ${line}`).join("");
}

function tellHeader({ life, incarnation, genesis, vector }: Header): string {
  const votes = incarnation === null ? "" : `, votes as ${incarnation} under ${genesis}`;
  return `life ${life}${votes}, knows ${vector.join() || "nothing"}`;
}

/** A request as text. */
function tellRequest(request: Omit<Request, "id">): string {
  const { type } = request;
  const it = request as Request;
  switch (it.type) {
    case "prepare":
      return `prepare ${showBallot(it.ballot)}`;
    case "accept": {
      const or = it.fallback === null ? "" : `, or prepare ${it.fallback}`;
      const next = it.heir !== undefined ? `, for ${it.heir}` : it.next ? ", keep" : "";
      return `accept ${showBallot(it.ballot)} ${show(it.state)}${next}${or}`;
    }
    case "fast":
      return `fast ${showBallot(it.ballot)} ${show(it.state)}`;
    case "chosen":
      return `chosen ${showBallot(it.ballot)}`;
    case "forget":
      return `forget ${showBallot(it.ballot)}`;
    case "enquire":
      return it.purpose === "record" ? "record?" : `${it.purpose}? round ${it.round}`;
    case "transfer":
      return `transfer to ${it.incarnation} after "${it.after}"`;
    default:
      return type;
  }
}

/** A reply as text. */
function tellReply(reply: RegisterReply | Omit<Reply, "id">): string {
  const it = reply as Reply;
  switch (it.type) {
    case "promise":
    case "current": {
      const copied = (it.copied ? "copied " : "") + (it.accepted?.fast ? "fast " : "");
      const accepted = it.accepted === null
        ? `nothing, floor ${it.floor}`
        : `${copied}${showBallot(it.accepted.ballot)} ${show(it.accepted.state)}`;
      const ballot = it.type === "promise" ? it.ballot : it.promised;
      return `${it.type} ${showBallot(ballot)}, accepted ${accepted}`;
    }
    case "nack":
      return `nack ${showBallot(it.promised)}`;
    case "took":
      return `took ${showBallot(it.ballot)} over ${it.over}`;
    case "accepted":
      return `accepted ${showBallot(it.ballot)}`;
    case "blank":
      return it.recovering ? "blank, recovering" : "blank";
    case "record":
      return `record ${it.record.id} of the lives ${it.record.lives.join()}`;
    case "known":
      return `known ${it.incarnation}`;
    case "piece": {
      const registers = it.registers.map(({ register, promised, accepted }) =>
        `${register} promised ${showBallot(promised)}, accepted ` +
        (accepted === null
          ? "nothing"
          : `${accepted.fast ? "fast " : ""}${showBallot(accepted.ballot)} ${show(accepted.state)}`)
      );
      const last = it.last === null ? "" : ` (the last; floor ${it.last.floor})`;
      return `piece${last}: ${registers.join("; ") || "no registers"}`;
    }
    default:
      return it.type;
  }
}
