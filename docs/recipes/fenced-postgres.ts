import process from "node:process";
import postgres from "postgres";
import { join } from "@synod/synod";
import { memoryNetwork } from "@synod/synod/transports/memory";

const sql = postgres(process.env.DATABASE_URL!, { max: 1 });
await sql`CREATE TEMPORARY TABLE account (id text PRIMARY KEY, balance int, token bigint)`;
await sql`INSERT INTO account VALUES ('ada', 100, 0)`;

/** Writes unless an owner with a greater token has written. One owner may write often: hence `<=`. */
async function write(balance: number, token: number): Promise<boolean> {
  const { count } = await sql`UPDATE account SET balance = ${balance}, token = ${token}
    WHERE id = 'ada' AND token <= ${token}`;
  return count === 1;
}

/** Pays once for each token, however often it is tried: hence `<`. */
async function payOnce(amount: number, token: number): Promise<boolean> {
  const { count } = await sql`UPDATE account SET balance = balance - ${amount}, token = ${token}
    WHERE id = 'ada' AND token < ${token}`;
  return count === 1;
}

const members = ["w1", "w2", "w3"];
const network = memoryNetwork();
const [w1, w2, w3] = await Promise.all(
  members.map((id) => join({ id, members, transport: network.transport() })),
);

const early = await w1.lock("account/ada");
console.log("the owner writes:", await write(90, early.token), await write(80, early.token));
// It stands still from here on; another one is given the lock.
const late = await w2.lock("account/ada", { steal: true });
console.log("the next owner pays:", await payOnce(10, late.token), await payOnce(10, late.token));
console.log("the first one wakes up and writes:", await write(0, early.token));
console.log((await sql`SELECT balance FROM account`)[0].balance);

await sql.end();
await Promise.all([w1, w2, w3].map((node) => node.close()));
