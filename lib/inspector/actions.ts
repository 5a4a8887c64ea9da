import type { ClusterNode } from "../cluster/cluster_node.ts";
import { parseRegisterId } from "../codec.ts";
import { refuseUnless } from "../options.ts";
import { kindOf, REGISTER_KINDS } from "../paxos/register.ts";
import { parseSession } from "../paxos/sessions.ts";
import { fromLink } from "./register_link.ts";

/** How an action has ended, for the page. */
export type ActionResult = { readonly ok: true } | { readonly ok: false; readonly error: string };

/** Buttons of the page, as the user of the library gives them. */
export type Buttons = Readonly<Record<string, (member: string) => unknown>>;

/** What the page may do. */
export class Actions {
  readonly #node: ClusterNode;
  readonly #buttons: Buttons;

  /** Throws a `TypeError` for a button that is no function. */
  constructor(node: ClusterNode, buttons: Buttons) {
    this.#node = node;
    this.#buttons = buttons;
    for (const [text, act] of Object.entries(buttons)) {
      refuseUnless(typeof act === "function", "inspector", `buttons.${text}`, "a function", act);
    }
  }

  /** The texts of the buttons beside each member. */
  get buttons(): string[] {
    return Object.keys(this.#buttons);
  }

  /** Does what the page asks for. */
  async act(name: string, request: unknown): Promise<ActionResult> {
    const { link = "", session = "", button = "", member = "" } = Object(request);
    try {
      switch (name) {
        case "take":
          return await this.#take(String(link));
        case "report":
          return await this.#report(String(session));
        case "button":
          return await this.#press(String(button), String(member));
      }
      return failed("there is no such action");
    } catch (error) {
      return failed(error instanceof Error ? error.message : String(error));
    }
  }

  /** Takes a lock away from its owners, and releases it. */
  async #take(link: string): Promise<ActionResult> {
    const register = fromLink(link);
    if (register === null || kindOf(register) !== REGISTER_KINDS.lock) return failed("no lock");
    const { key } = parseRegisterId(register);
    const lock = await this.#node.lock(key, { steal: true, timeout: 5_000 });
    await lock.release();
    return { ok: true };
  }

  async #report(session: string): Promise<ActionResult> {
    const reported = await this.#node.reportExit(parseSession(session).life);
    return reported.ok ? { ok: true } : failed(reported.reason ?? reported.error);
  }

  async #press(button: string, member: string): Promise<ActionResult> {
    if (!Object.hasOwn(this.#buttons, button)) return failed("there is no such button");
    if (!this.#node.members.includes(member)) return failed(`${member} is no member`);
    await this.#buttons[button](member);
    return { ok: true };
  }
}

function failed(error: string): ActionResult {
  return { ok: false, error };
}
