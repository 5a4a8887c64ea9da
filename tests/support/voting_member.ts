import { decodeFrame } from "../../lib/codec.ts";
import type { Frame, Header, Request } from "../../lib/paxos/messages.ts";
import { Voter } from "../../lib/paxos/voter.ts";
import { KEY, life, ScriptedNode, type ScriptOptions } from "./scripted_node.ts";

/** Member c of a, b and c, operational in its first life; `options`: such as how it is connected to others. */
export async function votingMember(
  clients = true,
  options: Pick<ScriptOptions, "way" | "askTime"> = {},
): Promise<ScriptedNode> {
  const node = await ScriptedNode.start({ self: "c", withoutSession: true, clients, ...options });
  node.engine.changeLife(life(1));
  node.engine.vote(new Voter(node.record, life(1), node.voterSettings));
  await node.settle();
  node.frames.length = 0;
  return node;
}

/** A request that each member answers. */
export const READ: Request = { id: 7, type: "read", register: KEY };

/** The frames that the node has sent to `to` since the last call. */
export async function sent(node: ScriptedNode, to: string): Promise<Frame[]> {
  await node.settle();
  const frames = node.frames.splice(0).filter((one) => one.to === to);
  return frames.map(({ frame }) => {
    const decoded = decodeFrame(frame);
    if (!decoded.ok) throw new Error("not a frame");
    return decoded.frame;
  });
}

/** The node's reply to this frame of a. */
export async function answers(
  node: ScriptedNode,
  header: Partial<Header>,
  request: Request = READ,
  from = "a",
): Promise<string[]> {
  node.receive(from, { header: { ...node.header("a"), ...header }, requests: [request] });
  return (await sent(node, from)).flatMap(({ replies }) => replies.map(({ type }) => type));
}
