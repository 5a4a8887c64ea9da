import { decodeFrame, parseRegisterId } from "../lib/codec.ts";

/** The content of a frame in one line, for the trace. */
export function describeFrame(bytes: Uint8Array): string {
  const decoded = decodeFrame(bytes);
  if (!decoded.ok) return `malformed: ${JSON.stringify(decoded)}`;
  const { header, requests, replies } = decoded.frame;
  const messages = [
    ...requests.map((request) => `${describe({ ...request, kind: "?" })}`),
    ...replies.map((reply) => `${describe({ ...reply, kind: "=" })}`),
  ];
  return `[clock ${header.clock}, incarnation ${header.incarnation}] ${messages.join("; ")}`;
}

function describe(
  { id, type, kind, ...rest }: { id: number; type: string; kind: string; register?: string },
): string {
  const fields = Object.entries(rest).map(([name, value]) => {
    if (name === "register") return registerName(String(value));
    return `${name}: ${JSON.stringify(value, shorten)}`;
  });
  return `${kind}${id} ${type} ${fields.join(", ")}`;
}

function registerName(id: string): string {
  const { kind, bucket, key } = parseRegisterId(id);
  return `${kind}:${bucket ?? ""}/${String(key)}`;
}

function shorten(_: string, value: unknown): unknown {
  return value instanceof Uint8Array ? new TextDecoder().decode(value) : value;
}
