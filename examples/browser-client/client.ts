/**
 * The script of the page: a guest of the cluster, in a tab.
 *
 * @module
 */
import { connect, type Lock } from "../../guest/mod.ts";

const find = (id: string) => document.getElementById(id)!;
const [take, give] = [find("take"), find("give")] as HTMLButtonElement[];

function show(state: string, buttons: { take?: boolean; give?: boolean } = {}): void {
  find("state").textContent = state;
  take.disabled = !buttons.take;
  give.disabled = !buttons.give;
}

async function ask(path: string): Promise<Response> {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
  return response;
}

// A duplicated tab copies the storage of this one, so the number is not stored.
const tab = crypto.randomUUID().slice(0, 8);
const { id, servers } = await (await ask(`/guest/${tab}`)).json();
find("id").textContent = id;

const node = await connect({
  id,
  servers,
  // Fetched before each connection: the page has no secret, and a token expires soon.
  token: async () => await (await ask(`/token/${tab}`)).text(),
});
node.addEventListener("error", ({ detail }) => show(detail.error.message));
// A tab that closes leaves the cluster, if the browser runs this; otherwise its session expires soon.
addEventListener("pagehide", () => node.close());
await node.ready;
show("This tab does not have the pen.", { take: true });

let lock: Lock;

take.addEventListener("click", async () => {
  show("This tab waits for the pen.");
  const mine = lock = await node.lock("pen");
  show(`This tab has the pen, with the token ${mine.token}.`, { give: true });
  mine.signal.addEventListener("abort", () => show("The pen is gone.", { take: true }));
});

give.addEventListener("click", () => lock.release());
