/**
 * The script of the page: it asks for what the chosen view shows, follows the timeline, and explains locks. Everything
 * that comes from the cluster becomes text, by `textContent`.
 */
export const SCRIPT: string = String.raw`
import { age, element, explanation, number, VIEWS } from "./views.js";

const find = (id) => document.getElementById(id);
const state = { view: "members", overview: null, events: [], skipped: 0, filter: "", timeline: "", bucket: undefined,
  shown: {}, data: {}, live: false };

async function ask(path, options) {
  const response = await fetch(path, options);
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error ?? response.statusText);
  return answer;
}

/** Does what the user has confirmed; says what has gone wrong. */
async function act(name, body, question) {
  if (question !== undefined && !confirm(question)) return;
  const headers = { "content-type": "application/json", "x-synod-inspector": "1" };
  try {
    await ask(name, { method: "POST", headers, body: JSON.stringify(body) });
  } catch (error) {
    alert(error.message);
  }
  await refresh();
}

let explained = null;

/** Explains a lock, by its key or its link. */
async function explain(query) {
  explained = query;
  const panel = find("explanation");
  panel.hidden = false;
  try {
    const answer = await ask("explain?" + new URLSearchParams(query));
    if (explained !== query) return;
    explanation(panel, answer, { query, close: unexplain, act: state.overview?.actions ? act : null });
  } catch (error) {
    panel.className = "bad";
    panel.replaceChildren(element("h2", "Not explained"), element("p", error.message));
  }
}

function unexplain() {
  explained = null;
  find("explanation").hidden = true;
}

const tools = { act, ask, explain, state, redraw: () => draw(), load: (more) => load(more) };

/** Loads that the user has asked for, and how many of them are under way: what they bring counts. */
let asked = 0;
let underWay = 0;

/** Loads what the present view shows. */
async function load(more = false, isOwn = true) {
  const { view } = state;
  const { fetch: fetchView } = VIEWS[view];
  if (fetchView === undefined || (!isOwn && underWay > 0)) return;
  const turn = isOwn ? ++asked : asked;
  if (isOwn) underWay++;
  try {
    const data = await fetchView(tools, more);
    if (turn === asked) state.data[view] = data;
  } finally {
    if (isOwn) underWay--;
  }
}

/** Draws the present view, unless the user is typing or selecting text in it. */
function draw(forced = true) {
  const panel = find("view");
  const selection = getSelection();
  const isSelecting = selection !== null && !selection.isCollapsed && panel.contains(selection.anchorNode);
  const field = document.activeElement;
  const focus = panel.contains(field) ? field.dataset.focus : undefined;
  if (!forced && isSelecting) return;
  const at = field?.selectionStart;
  panel.replaceChildren(...VIEWS[state.view].draw(state.data[state.view], tools));
  const again = focus === undefined ? null : panel.querySelector("[data-focus=" + CSS.escape(focus) + "]");
  again?.focus({ preventScroll: true });
  if (again instanceof HTMLInputElement && at != null) again.setSelectionRange(at, at);
}

function head() {
  const { overview } = state;
  const quorum = find("quorum");
  if (!state.live || overview === null) {
    quorum.textContent = "no connection";
    quorum.className = "pill bad";
    return;
  }
  document.title = overview.id + " · Synod";
  find("node").textContent = overview.id;
  const isListed = overview.members.some(({ id }) => id === overview.id);
  const role = overview.votes ? "member" : isListed ? "member, does not vote yet" : "client";
  const genesis = overview.genesis === null ? "not in a cluster yet" : "epoch " + overview.epoch;
  find("subtitle").textContent = role + " · " + genesis + " · " + overview.members.length + " members";
  quorum.textContent = overview.hasQuorum ? "quorum" : "no quorum";
  quorum.className = "pill " + (overview.hasQuorum ? "good" : "bad");
  const problems = [];
  if (overview.fatal !== null) problems.push(overview.fatal.code + ": " + overview.fatal.message);
  for (const { id, reachable, lastError } of overview.members) {
    // What concerns all members is said once.
    if (!reachable && (lastError === null || lastError !== overview.fatal?.message)) {
      problems.push(id + ": " + (lastError ?? "it does not answer"));
    }
  }
  if (overview.waitingFor.length > 0) problems.push("Waits for: " + overview.waitingFor.join(", "));
  const box = find("problem");
  box.hidden = problems.length === 0;
  box.textContent = problems.join("\n");
}

let refreshing = false;
let drawn = "";

/** Asks for the state of the node, and for what is shown. */
async function refresh() {
  if (refreshing) return;
  refreshing = true;
  try {
    state.overview = await ask("overview");
    state.live = true;
    await load(false, false);
    if (explained !== null && !find("explanation").contains(document.activeElement)) await explain(explained);
  } catch {
    state.live = false;
  }
  refreshing = false;
  head();
  tabs();
  // What shows no ages is drawn again only if it has changed.
  const { view } = state;
  const now = VIEWS[view].still ? view + JSON.stringify(state.data[view] ?? null) : "";
  if (now === "" || now !== drawn) draw(false);
  drawn = now;
}

function tabs() {
  for (const tab of find("tabs").children) {
    const { view } = tab.dataset;
    tab.setAttribute("aria-selected", String(view === state.view));
    tab.tabIndex = view === state.view ? 0 : -1;
    const count = VIEWS[view].count?.(state);
    tab.lastChild.textContent = count === undefined ? "" : number(count);
  }
  find("view").setAttribute("aria-label", VIEWS[state.view].title);
}

async function show(view) {
  state.view = view;
  history.replaceState(null, "", "#" + view);
  tabs();
  draw();
  await load().catch(() => {});
  tabs();
  draw();
}

const names = Object.keys(VIEWS);
for (const [index, view] of names.entries()) {
  const tab = element("button", VIEWS[view].title, { type: "button", role: "tab", title: "Key " + (index + 1) });
  tab.dataset.view = view;
  tab.append(element("span", "", { className: "count" }));
  tab.addEventListener("click", () => show(view));
  find("tabs").append(tab);
}

find("search").addEventListener("submit", (event) => {
  event.preventDefault();
  const key = find("query").value;
  if (key !== "") explain({ key });
});

function theme(name) {
  document.documentElement.dataset.theme = name;
}
const stored = () => {
  try {
    return localStorage.getItem("synod-theme");
  } catch {
    return null;
  }
};
const dark = matchMedia("(prefers-color-scheme: dark)");
const usual = () => theme(stored() ?? (dark.matches ? "dark" : "light"));
dark.addEventListener("change", usual);
usual();
find("theme").addEventListener("click", () => {
  const next = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
  theme(next);
  try {
    localStorage.setItem("synod-theme", next);
  } catch {
    // It is not kept.
  }
});

addEventListener("keydown", (event) => {
  const isTyping = event.target instanceof HTMLInputElement;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") {
    if (isTyping) event.target.blur();
    unexplain();
  } else if (isTyping) {
    return;
  } else if (event.key === "/") {
    event.preventDefault();
    find("query").focus();
  } else if (/^[1-9]$/.test(event.key) && names[event.key - 1] !== undefined) {
    show(names[event.key - 1]);
  } else if (event.target.role === "tab" && /^Arrow(Left|Right)$/.test(event.key)) {
    const step = event.key === "ArrowLeft" ? names.length - 1 : 1;
    const next = names[(names.indexOf(state.view) + step) % names.length];
    show(next);
    find("tabs").children[names.indexOf(next)].focus();
  }
});

const feed = new EventSource("events");
feed.addEventListener("events", ({ data }) => {
  const { events, skipped } = JSON.parse(data);
  state.skipped += skipped;
  state.events.push(...events);
  if (state.events.length > 2000) state.events.splice(0, state.events.length - 1500);
  if (state.view === "timeline" && events.length > 0) draw(false);
});

async function always() {
  if (!document.hidden) await refresh();
  setTimeout(always, 1500);
}
const wanted = location.hash.slice(1);
if (names.includes(wanted)) state.view = wanted;
always();
`;
