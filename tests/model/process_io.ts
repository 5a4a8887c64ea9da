import type { Life } from "../../lib/paxos/ballot.ts";
import type {
  GenesisRecord,
  GenesisRequest,
  Header,
  RegisterReply,
  RegisterRequest,
  Reply,
  Request,
} from "../../lib/paxos/messages.ts";
import type { Sender } from "../../lib/paxos/quorum.ts";

/** An input of a process. */
export type ProcessInput =
  /** It starts with empty memory; `record`: other members send it the record of their cluster at once. */
  | { do: "boot"; member: number; life: Life; wall: number; record: GenesisRecord | null }
  /** It asks its open questions again. */
  | { do: "tick" }
  /** It asks again without an answer until it starts its first round again. */
  | { do: "ticks" }
  /** It recovers, and repeats only the questions of the recovery. */
  | { do: "recoveryTick" }
  /** It has had no quorum for a while, and asks whether a majority is lost. */
  | { do: "doubt" }
  /** Enough time passes for promises without an accepted state to be dropped. */
  | { do: "age" }
  /** Its machine stops, and its memory is lost. */
  | { do: "crash" }
  /** A frame arrives of which only the header concerns it. */
  | { do: "hear"; from: string; header: Header }
  /** A member asks. */
  | { do: "question"; from: string; header: Header; request: Request & GenesisRequest }
  /** A member answers. */
  | { do: "reply"; from: string; header: Header; reply: Reply }
  /** A client asks. */
  | {
    do: "ask";
    client: number;
    question: number;
    request: RegisterRequest;
    vector: readonly Life[];
  };

/** An output of a process: a message, or an event. */
export type ProcessOutput =
  | { out: "question"; to: string; header: Header; request: Request }
  | { out: "reply"; to: string; life: Life; header: Header; reply: Reply }
  | { out: "answer"; client: number; question: number; sender: Sender; reply: RegisterReply }
  /** It votes under a record that it made, as the first process. */
  | { out: "made"; record: GenesisRecord }
  /** It votes under a record that it did not make: after a genesis, or after a recovery. */
  | { out: "entered"; record: GenesisRecord; recovered: boolean }
  | { out: "gaveUp"; record: GenesisRecord };

/** The attributes of a process that other parts need. */
export interface ProcessAttributes {
  /** `idle`: it has not started. `closed`: it crashed, or learned that it was replaced. */
  readonly state: "idle" | "blank" | "recovering" | "operational" | "outside" | "joins" | "closed";
  readonly life: Life;
  readonly incarnation: Life | null;
  readonly vector: readonly Life[];
  readonly record: GenesisRecord | null;
  /** The number of registers in its acceptor. */
  readonly size: number;
}

/** The kinds of messages about lives and records, where knowledge of crashes does not matter. */
const ABOUT_LIVES: ReadonlySet<string> = new Set(["enquire", "blank", "record", "replaced"]);

/**
 * The header for a message. Every real frame tells of crashes; here only those frames do in which that matters.
 * Such knowledge never makes a receiver count more answers, so it is enough to search the runs in which frames
 * of other kinds tell nothing.
 */
export function headerOf(header: Header, { type }: Request | Reply): Header {
  if (!ABOUT_LIVES.has(type)) return header;
  return { ...header, genesis: null, incarnation: null, vector: [] };
}
