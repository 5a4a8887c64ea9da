import { type Life, lifeAfter, makeLife } from "../../paxos/ballot.ts";
import type { Engine } from "../engine/engine.ts";

/** A new life for this node, above its present one and above `above`. */
export function newLife({ life, runtime }: Engine, above: Life = ""): Life {
  const random = () => runtime.random();
  const highest = life > above ? life : above;
  const now = makeLife(runtime.wallNow(), random);
  return now > highest ? now : lifeAfter(highest, random);
}
