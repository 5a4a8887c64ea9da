/**
 * A process that is one of the members that are not measured. Says first where its server is, and then does
 * what it is told; one line of JSON for each command and each answer.
 *
 * @module
 */
import { linesOf } from "./lines.ts";
import { Member } from "./member.ts";
import { type Addresses, Server } from "./server.ts";

/** Who it is, and where all are. */
export interface ProcessSetup {
  readonly id: string;
  readonly addresses: Addresses;
}

const server = new Server();
const member = new Member<ProcessSetup>(({ id, addresses }) => server.transports(id, addresses));
console.log(JSON.stringify(server.address));
for await (const line of linesOf(Deno.stdin.readable)) {
  console.log(JSON.stringify(await member.obey(JSON.parse(line))));
}
await server.close();
