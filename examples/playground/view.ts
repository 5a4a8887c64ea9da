/** What the reader can do. */
export interface Actions {
  node(id: string): void;
  pause(id: string): void;
  link(a: string, b: string): void;
  heal(): void;
  network(name: string): void;
  lock(id: string): void;
  count(id: string): void;
  put(id: string): void;
}

/** What is shown of a node. */
export interface NodeState {
  readonly state: "ready" | "no quorum" | "down";
  readonly hasLock: boolean;
}

type Topic = "state" | "lock" | "count" | "put";

/** Events that are kept. */
const EVENTS = 200;

/** Time for which a link shows that a frame has passed, in milliseconds. */
const FLASH = 120;

const MOODS = { "ready": "good", "no quorum": "warn", "down": "bad" } as const;

const SVG = "http://www.w3.org/2000/svg";

function byId<E extends Element = HTMLElement>(id: string): E {
  return document.getElementById(id) as Element as E;
}

function svg(name: string, attributes: Readonly<Record<string, string | number>>): SVGElement {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, `${value}`);
  return element;
}

/** Makes a part of the map a button, for the mouse and for the keyboard. */
function pressable(element: SVGElement, press: () => void): void {
  element.setAttribute("role", "button");
  element.setAttribute("tabindex", "0");
  element.addEventListener("click", press);
  element.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    press();
  });
}

/** The elements of the page. */
export class View {
  speed = 1;
  readonly #nodes = new Map<string, { place: SVGElement; badge: SVGElement; row: HTMLElement }>();
  readonly #links = new Map<string, { element: SVGElement; busyUntil: number }>();
  readonly #events = byId("events");
  #began: number | null = null;

  constructor(ids: readonly string[], actions: Actions) {
    const at = ids.map((_, index) => {
      const angle = 2 * Math.PI * index / ids.length - Math.PI / 2;
      return [200 + 145 * Math.cos(angle), 190 + 145 * Math.sin(angle)] as const;
    });
    ids.forEach((a, i) =>
      ids.slice(i + 1).forEach((b, k) => this.#addLink(a, b, at[i], at[i + 1 + k], actions))
    );
    ids.forEach((id, index) => this.#addNode(id, at[index], actions));
    byId("heal").onclick = () => actions.heal();
    byId("reset").onclick = () => location.hash = `seed=${Math.floor(Math.random() * 1e6)}`;
    const speed = byId<HTMLSelectElement>("speed");
    speed.onchange = () => this.speed = Number(speed.value);
    const network = byId<HTMLSelectElement>("network");
    network.onchange = () => actions.network(network.value);
  }

  /** Shows the seed. */
  seed(seed: string): void {
    byId("seed").textContent = seed;
  }

  /** Shows what came of an action. */
  say(id: string, topic: Topic, what: string): void {
    const said = this.#nodes.get(id)?.row.querySelector(`.said.${topic}`);
    if (said) said.textContent = what;
  }

  /** Removes what a node said. */
  forget(id: string): void {
    for (const topic of ["lock", "count", "put"] as const) this.say(id, topic, "");
  }

  /** Takes a line of the trace: frames light their link up, all else is an event. */
  trace(line: string): void {
    const frame = /^ *\d+\.\d+ {2}(\w+)'* > (\w+)'*: /.exec(line);
    if (frame === null) return this.event(line);
    const link = this.#links.get([frame[1], frame[2]].sort().join(" "));
    if (link) link.busyUntil = performance.now() + FLASH;
  }

  /** Adds an event. */
  event(line: string): void {
    const item = document.createElement("li");
    item.textContent = line;
    this.#events.prepend(item);
    while (this.#events.childElementCount > EVENTS) this.#events.lastElementChild?.remove();
  }

  /** Draws the present state. */
  show(now: number, stateOf: (id: string) => NodeState, cuts: ReadonlySet<string>): void {
    this.#began ??= now;
    byId("clock").textContent = `${((now - this.#began) / 1_000).toFixed(1)} s`;
    for (const [id, { place, badge, row }] of this.#nodes) {
      const { state, hasLock } = stateOf(id);
      place.setAttribute("class", `node ${MOODS[state]}`);
      place.setAttribute(
        "aria-label",
        `Node ${id}, ${state}: ${state === "down" ? "start" : "kill"}`,
      );
      badge.textContent = hasLock ? "door" : "";
      const pill = row.querySelector(".pill");
      if (pill && pill.textContent !== state) {
        pill.textContent = state;
        pill.className = `pill ${MOODS[state]}`;
      }
      for (const button of row.querySelectorAll("button")) {
        button.disabled = state === "down" && button.dataset.action !== "node";
      }
      label(row, "lock", hasLock ? "Release" : "Lock");
      label(row, "node", state === "down" ? "Start" : "Kill");
    }
    const time = performance.now();
    for (const [key, { element, busyUntil }] of this.#links) {
      const isCut = cuts.has(key);
      element.setAttribute("class", `link${isCut ? " cut" : busyUntil > time ? " busy" : ""}`);
      element.setAttribute("aria-pressed", `${isCut}`);
    }
  }

  #addLink(
    a: string,
    b: string,
    [x1, y1]: readonly [number, number],
    [x2, y2]: readonly [number, number],
    actions: Actions,
  ): void {
    const element = svg("g", { class: "link", "aria-label": `Link of ${a} and ${b}: cut` });
    for (const name of ["hit", "wire"]) {
      element.append(svg("line", { class: name, x1, y1, x2, y2 }));
    }
    pressable(element, () => actions.link(a, b));
    byId<SVGElement>("map").append(element);
    this.#links.set(`${a} ${b}`, { element, busyUntil: 0 });
  }

  #addNode(id: string, [x, y]: readonly [number, number], actions: Actions): void {
    const place = svg("g", { class: "node" });
    const [name, badge] = [
      svg("text", { x, y: y + 6 }),
      svg("text", { x, y: y + 20, class: "badge" }),
    ];
    name.textContent = id;
    place.append(svg("circle", { cx: x, cy: y, r: 30 }), name, badge);
    pressable(place, () => actions.node(id));
    byId<SVGElement>("map").append(place);

    const row = document.createElement("tr");
    const cell = (...children: (Node | string)[]) => {
      const td = document.createElement("td");
      td.append(...children);
      row.append(td);
    };
    const said = (topic: Topic) => {
      const span = document.createElement("span");
      span.className = `said ${topic}`;
      return span;
    };
    const button = (action: "node" | "pause" | "lock" | "count" | "put", text: string) => {
      const element = document.createElement("button");
      element.textContent = text;
      element.dataset.action = action;
      element.id = `${action}-${id}`;
      element.onclick = () => actions[action](id);
      return element;
    };
    const pill = document.createElement("span");
    pill.className = "pill";
    const strong = document.createElement("strong");
    strong.textContent = id;
    cell(strong);
    cell(pill);
    cell(button("lock", "Lock"), said("lock"));
    cell(button("count", "Count"), said("count"));
    cell(button("put", `Put ${id}`), said("put"));
    cell(button("node", "Kill"), " ", button("pause", "Pause 8 s"));
    byId("nodes").append(row);
    this.#nodes.set(id, { place, badge, row });
  }
}

function label(row: HTMLElement, action: string, text: string): void {
  const button = row.querySelector(`[data-action=${action}]`);
  if (button && button.textContent !== text) button.textContent = text;
}
