/**
 * The process of the attacker. It prints the addresses of its server, which stands in for a peer of the members; then
 * it carries out each order that it reads, a line of JSON, and prints how it was answered. It ends when its standard
 * input does.
 *
 * @module
 */
import { readLines } from "../chaos/lines.ts";
import { ATTACKS } from "./attacks/all.ts";
import { fieldFor } from "./attacks/attack.ts";
import { StandIn } from "./attacks/stand_in.ts";
import { type Addresses, type Answers, type Order, STAND_INS } from "./shared.ts";
import { count, type Tally } from "./tally.ts";

// Connections that the other side cuts off fail wherever they are used.
globalThis.addEventListener("unhandledrejection", (event) => event.preventDefault());

const standIns = STAND_INS.map((id) => new StandIn(id));
const addresses = standIns.map((one): Addresses => ({ ws: one.url("ws"), http: one.url("http") }));
console.log(JSON.stringify(addresses));
let turn = 0;
for await (const line of readLines(Deno.stdin.readable)) {
  const { attack, time, members, genesis }: Order = JSON.parse(line);
  const tally: Tally = new Map();
  const field = fieldFor({
    ...{ time, genesis, standIn: standIns[turn++ % standIns.length] },
    members: members.map((addresses) => ({ url: (scheme) => addresses[scheme] })),
  }, tally);
  await ATTACKS[attack].run(field).catch((error) => count(tally, String(error)));
  await field.over;
  const answers: Answers = [...tally];
  console.log(JSON.stringify(answers));
}
Deno.exit();
