import { join, singleton } from "@synod/synod";
import { memoryNetwork } from "@synod/synod/transports/memory";

/** The one owner of a document: it is in memory at one place, and edits come one after the other. */
const Document = singleton({
  id: "document",
  start: () => {
    let text = "";
    return {
      insert: (at: number, what: string) => text = text.slice(0, at) + what + text.slice(at),
      read: () => text,
    };
  },
});

const members = ["w1", "w2", "w3"];
const network = memoryNetwork();
const nodes = await Promise.all(
  members.map((id) => join({ id, members, transport: network.transport(), hosts: [Document] })),
);

// Any server takes a request and passes it on.
const letter = nodes[0].name("letter", Document);
await letter.insert(0, "world");
await nodes[1].name("letter", Document).insert(0, "Hello ");
console.log(await nodes[2].name("letter", Document).read());

// Or it sends the client to the owner, for a WebSocket that stays open.
const owner = await nodes[2].whereis(letter); // starts it if it does not run
if (owner.ok) console.log(members.includes(owner.value.node) ? "307 to its owner" : "?");

await Promise.all(nodes.map((node) => node.close()));
