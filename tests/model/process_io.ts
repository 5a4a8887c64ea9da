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

/** What happens to a process. */
export type ProcessInput =
  /** It starts, with empty memory; `record`: others tell it at once that the cluster lives under it. */
  | { do: "boot"; member: number; life: Life; wall: number; record: GenesisRecord | null }
  /** It asks again what it is waiting for. */
  | { do: "tick" }
  /** It asks again so often without an answer that it begins anew with its first round. */
  | { do: "ticks" }
  /** It recovers, and asks again only about that. */
  | { do: "recoveryTick" }
  /** Without a quorum for a while: it asks whether all is lost. */
  | { do: "doubt" }
  /** So much time passes that promises with nothing accepted are dropped. */
  | { do: "age" }
  /** Its machine stops, and all that was in its memory is gone. */
  | { do: "crash" }
  /** A frame comes in which nothing is for it but what every frame tells. */
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

/** What a process says, and what happened in it. */
export type ProcessOutput =
  | { out: "question"; to: string; header: Header; request: Request }
  | { out: "reply"; to: string; life: Life; header: Header; reply: Reply }
  | { out: "answer"; client: number; question: number; sender: Sender; reply: RegisterReply }
  /** It votes under a record that it made (so it is the first one). */
  | { out: "made"; record: GenesisRecord }
  /** It votes under a record that it did not make: from the start on, or again. */
  | { out: "entered"; record: GenesisRecord; recovered: boolean }
  | { out: "gaveUp"; record: GenesisRecord };

/** What others need to know of a process. */
export interface ProcessAttributes {
  /** `idle`: it never ran. `closed`: it crashed, or saw that another one has taken its place. */
  readonly state: "idle" | "blank" | "recovering" | "operational" | "closed";
  readonly life: Life;
  readonly incarnation: Life | null;
  readonly vector: readonly Life[];
  readonly record: GenesisRecord | null;
  /** How many registers it holds something about. */
  readonly size: number;
}

/** The kinds of messages that are about lives and records, and not about crashes. */
const ABOUT_LIVES: ReadonlySet<string> = new Set(["enquire", "blank", "record", "replaced"]);

/**
 * Every frame tells of crashes; here only those do in which that matters. To be told never makes anybody
 * count more, so it is enough to look at the runs in which frames of other kinds tell nothing.
 */
export function headerOf(header: Header, { type }: Request | Reply): Header {
  if (!ABOUT_LIVES.has(type)) return header;
  return { ...header, genesis: null, incarnation: null, vector: [] };
}
