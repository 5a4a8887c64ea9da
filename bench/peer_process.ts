/**
 * A process with one of the members that are not measured. It reports the address of its server, and
 * then executes commands; each command and each answer is one line of JSON. Its argument is the transport.
 *
 * @module
 */
import { linesOf } from "./lines.ts";
import { Member } from "./member.ts";
import { type Addresses, type Over, Server } from "./server.ts";

/** The id of this member, and the addresses of all. */
export interface ProcessSetup {
  readonly id: string;
  readonly addresses: Addresses;
}

const server = new Server(Deno.args[0] as Over);
const member = new Member<ProcessSetup>(({ id, addresses }) => server.transports(id, addresses));
console.log(JSON.stringify(server.address));
for await (const line of linesOf(Deno.stdin.readable)) {
  console.log(JSON.stringify(await member.obey(JSON.parse(line))));
}
await server.close();
