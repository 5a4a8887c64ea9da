/**
 * The hosts in the order in which they are asked to run what `key` names. The order is the same at every
 * caller, so all callers ask the same host first; it depends on the key, so instances spread over the hosts
 * (Thaler & Ravishankar, *A Name-Based Mapping Scheme for Rendezvous*, 1996).
 */
export function inOrder(key: string, hosts: Iterable<string>): string[] {
  return Array.from(hosts, (host) => ({ host, rank: rank(`${host}/${key}`) }))
    .sort((a, b) => b.rank - a.rank || (a.host < b.host ? -1 : 1))
    .map(({ host }) => host);
}

/** 32-bit FNV-1a, then the finalizer of MurmurHash3: without it similar names get similar ranks. */
function rank(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
