import type { Attack } from "./attack.ts";
import { BY_GUESTS } from "./by_guests.ts";
import { BY_PEERS } from "./by_peers.ts";
import { BY_SERVERS } from "./by_servers.ts";
import { BY_STRANGERS } from "./by_strangers.ts";

/** Nothing happens: what the honest users notice then is the machine's doing. */
const NOTHING: Attack = {
  ...{ what: "nothing", who: "stranger", over: "ws" },
  run: (field) => field.over,
};

/** All attacks, in the order of the table. */
export const ATTACKS: readonly Attack[] = [
  NOTHING,
  ...BY_GUESTS,
  ...BY_STRANGERS,
  ...BY_SERVERS,
  ...BY_PEERS,
];
