import { PROJECT } from "../support/project_copy.ts";
import type { Edit, Sources } from "./fit.ts";
import { MUTATIONS } from "./list.ts";
import { MUTATIONS as OF_THE_MODEL } from "./model/list.ts";
import { DISK_MUTATIONS } from "./model/disks.ts";
import { HEIR_MUTATIONS } from "./model/heirs.ts";
import { MEMBERS_MUTATIONS } from "./model/members.ts";
import { ORDER_MUTATIONS } from "./model/orders.ts";
import { STORAGE_MUTATIONS } from "./model/storage.ts";
import { MUTATIONS as OF_THE_SIMULATOR } from "./sim/list.ts";

/** What the mutations for tests, for the simulator and for the model change. */
export const EDITS: readonly Edit[] = [
  ...MUTATIONS,
  ...OF_THE_SIMULATOR,
  ...[
    ...OF_THE_MODEL,
    ...MEMBERS_MUTATIONS,
    ...STORAGE_MUTATIONS,
    ...DISK_MUTATIONS,
    ...ORDER_MUTATIONS,
    ...HEIR_MUTATIONS,
  ].flatMap((
    { name, edits },
  ) => edits.map(({ module, ...edit }) => ({ name, file: `lib/paxos/${module}.ts`, ...edit }))),
];

/** The text of each TypeScript file below `folder` of the project. */
async function textsBelow(folder: string): Promise<[path: string, text: string][]> {
  const texts: [string, string][] = [];
  for await (const { name, isDirectory } of Deno.readDir(new URL(folder, PROJECT))) {
    const path = folder + name;
    if (isDirectory) texts.push(...await textsBelow(`${path}/`));
    else if (path.endsWith(".ts")) texts.push([path, await readProject(path)]);
  }
  return texts;
}

const readProject = (path: string): Promise<string> => Deno.readTextFile(new URL(path, PROJECT));

/** What mutations may change: what ships, and the faults of the simulator's users. */
const FOLDERS = ["lib/", "transports/", "guest/", "tests/sim/"];

/** The sources that mutations may change. */
export async function readSources(): Promise<Sources> {
  return new Map((await Promise.all(FOLDERS.map(textsBelow))).flat());
}

/** The sources of the lists of mutations. */
export async function readLists(): Promise<Sources> {
  return new Map(await textsBelow("tests/mutations/"));
}
