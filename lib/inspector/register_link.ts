import { isRegisterId } from "../codec.ts";
import type { RegisterId } from "../paxos/register.ts";

/** The name of a register in a URL: its bytes in base64url. */
export function toLink(register: RegisterId): string {
  return btoa(register).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** The register that a link names; `null`: none. */
export function fromLink(link: string): RegisterId | null {
  try {
    const register = atob(link.replaceAll("-", "+").replaceAll("_", "/"));
    return isRegisterId(register) ? register : null;
  } catch {
    return null;
  }
}
