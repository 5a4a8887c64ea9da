import process from "node:process";
import { createClient } from "redis";
import { join } from "@synod/synod";
import { memoryNetwork } from "@synod/synod/transports/memory";

const redis = await createClient({ url: process.env.REDIS_URL }).connect();
await redis.del("synod-recipe");

/** A script, since the check and the write have to be one step. It writes if the token seen `is` that. */
const script = (is: "<=" | "<") => `
  local seen = tonumber(redis.call("HGET", KEYS[1], "token") or "0")
  if not (seen ${is} tonumber(ARGV[2])) then return 0 end
  redis.call("HSET", KEYS[1], "balance", ARGV[1], "token", ARGV[2])
  return 1`;
const run = async (is: "<=" | "<", balance: number, token: number) => {
  const parts = { keys: ["synod-recipe"], arguments: [`${balance}`, `${token}`] };
  return await redis.eval(script(is), parts) === 1;
};
/** Writes unless an owner with a greater token has written. One owner may write often: hence `<=`. */
const write = (balance: number, token: number) => run("<=", balance, token);
/** Writes once for each token, however often it is tried: hence `<`. */
const writeOnce = (balance: number, token: number) => run("<", balance, token);

const members = ["w1", "w2", "w3"];
const network = memoryNetwork();
const [w1, w2, w3] = await Promise.all(
  members.map((id) => join({ id, members, transport: network.transport() })),
);

const early = await w1.lock("account/ada");
console.log("the owner writes:", await write(90, early.token), await write(80, early.token));
// It stands still from here on; another one is given the lock.
const { token } = await w2.lock("account/ada", { steal: true });
console.log("the next owner writes once:", await writeOnce(70, token), await writeOnce(60, token));
console.log("the first one wakes up and writes:", await write(0, early.token));
console.log(await redis.hGet("synod-recipe", "balance"));

redis.destroy();
await Promise.all([w1, w2, w3].map((node) => node.close()));
