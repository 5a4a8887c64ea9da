/** The views of the page: what each one asks for, and how it is drawn. */
export const VIEWS: string = String.raw`
/** An element with a text, or with children, and properties. */
export function element(tag, content = "", properties = {}) {
  const made = document.createElement(tag);
  if (Array.isArray(content)) made.append(...content);
  else made.textContent = content;
  for (const [name, value] of Object.entries(properties)) {
    if (name === "role" || name.startsWith("aria-")) made.setAttribute(name, value);
    else if (name === "focus") made.dataset.focus = value;
    else made[name] = value;
  }
  return made;
}

export const number = (value) => value.toLocaleString("en");
const time = (at) => new Date(at).toLocaleTimeString("en-GB") + "." + String(at % 1000).padStart(3, "0");

/** A duration in milliseconds, for people. */
export function age(milliseconds) {
  const seconds = Math.max(0, milliseconds) / 1000;
  if (seconds < 1) return Math.round(seconds * 1000) + " ms";
  if (seconds < 90) return seconds.toFixed(1) + " s";
  if (seconds < 5400) return Math.round(seconds / 60) + " min";
  if (seconds < 129600) return (seconds / 3600).toFixed(1) + " h";
  return Math.round(seconds / 86400) + " days";
}

const since = (at, now) => at === null ? "" : age(now - at);
const soft = (text) => element("span", text, { className: "soft" });
const pill = (text, kind) => element("span", text, { className: "pill " + kind });

/** A card with a heading. */
function card(title, ...content) {
  const heading = element("h2", Array.isArray(title) ? title : [title]);
  return element("section", [heading, ...content], { className: "card" });
}

/** A table; a column is a heading, or a heading with the class of its cells. */
function table(columns, rows, empty, className = "") {
  if (rows.length === 0) return element("div", empty, { className: "empty" });
  const classes = columns.map((column) => Array.isArray(column) ? column[1] : "");
  const heads = columns.map((column, index) => {
    const title = Array.isArray(column) ? column[0] : column;
    return element("th", title, { className: classes[index], scope: "col" });
  });
  const body = rows.map((cells) => element("tr", cells.map((cell, index) => {
    return element("td", cell, { className: classes[index] });
  })));
  const made = element("table", [element("thead", [element("tr", heads)]), element("tbody", body)]);
  made.className = className;
  return element("div", [made], { className: "scroll" });
}

function button(text, act, className = "") {
  const made = element("button", text, { type: "button", className });
  made.addEventListener("click", act);
  return made;
}

function more(shown, total, tools) {
  if (total !== undefined && shown >= total) return [];
  const text = total === undefined ? "Show more" : "Show more of " + number(total);
  return [element("div", [button(text, async () => {
    await tools.load(true);
    tools.redraw();
  })], { className: "more" })];
}

function partyText({ node, process, pid, label }) {
  return node + " · process " + (process ?? pid.seq) + (label === null ? "" : " · " + label);
}

function party(one, now, words = (age) => " " + age) {
  const text = [partyText(one)];
  if (one.mode === "shared") text.push(" ", pill("shared", ""));
  if (one.since !== null) text.push(soft(words(age(now - one.since))));
  return element("span", text, { className: "party" });
}

/** The answer of explain. */
export function explanation(panel, answer, { query, close, act }) {
  const { deadlock } = answer;
  const isBad = answer.state === "unknown" || deadlock?.certain === true;
  panel.className = answer.state === "free" ? "good" : isBad ? "bad" : "";
  const key = query.key ?? answer.text.slice(9).split(" is ")[0];
  const kind = answer.state === "free" ? "good" : answer.state === "held" ? "warn" : "bad";
  const title = element("h2", [element("code", key), pill(answer.state, kind)]);
  if (deadlock !== null) {
    title.append(deadlock.certain ? pill("deadlock", "bad") : pill("possible deadlock", "warn"));
  }
  title.append(button("Close", close));
  const lines = [title];
  const paragraph = (...content) => lines.push(element("p", content));
  if (answer.state === "free") paragraph("This lock is free.");
  if (answer.reason !== null) paragraph("Not known: " + answer.reason);
  const asked = (age) => ", asked " + age + " ago";
  for (const holder of answer.holders) {
    paragraph("Held by ", party(holder, answer.at, asked), soft(", token " + holder.token));
    if (holder.waitsFor.length > 0) paragraph("That process waits for " + holder.waitsFor.map((one) => JSON.stringify(one)).join(", "));
  }
  if (answer.waiting > 0) {
    paragraph(answer.waiting === 1 ? "One request waits:" : number(answer.waiting) + " requests wait, in this order:");
    const shown = answer.waiters.slice(0, 10).map((waiter) => element("li", [party(waiter, answer.at, asked)]));
    lines.push(element("ol", shown));
    if (answer.waiting > shown.length) paragraph(soft("and " + number(answer.waiting - shown.length) + " more"));
  }
  if (deadlock !== null) {
    const steps = deadlock.cycle.map(({ key, owner }, index, all) => {
      const next = all[(index + 1) % all.length].key;
      return element("li", partyText(owner) + " holds " + JSON.stringify(key) + " and waits for " + JSON.stringify(next));
    });
    paragraph(deadlock.certain ? "None of these will go on:" : "If one task asked for both locks, none of these will go on:");
    lines.push(element("ol", steps));
  }
  if (answer.freedBy !== null) paragraph(soft(answer.freedBy + "."));
  if (answer.latest !== null) {
    paragraph(soft("If its owner's node is gone, others can have it " + age(answer.latest - answer.at) + " from now at the latest."));
  }
  if (act !== null && answer.state === "held" && query.link !== undefined) {
    lines.push(element("p", [button("Take the lock away", () => {
      act("take", { link: query.link }, "Take this lock away from its owner? Its fencing token still protects the resource.");
    }, "danger")]));
  }
  panel.replaceChildren(...lines);
}

/** The calls under way at one instance. */
function calls(running, begun) {
  const shown = running.map(({ method, from }) => element("span", method + "() for " + from, { className: "party" }));
  return begun > shown.length ? [...shown, soft("and " + number(begun - shown.length) + " more")] : shown;
}

const facts = (entries) => element("dl", entries.map(([name, value, className = ""]) => {
  return element("div", [element("dt", name), element("dd", String(value), { className })]);
}), { className: "facts" });

const KINDS = { operational: "good", recovering: "warn", blank: "warn", unknown: "bad" };

/** A list that is loaded page by page. */
async function pages(path, parameters, name, { ask, state }, isMore) {
  const limit = (state.shown[name] ?? 100) + (isMore ? 200 : 0);
  state.shown[name] = Math.min(limit, 500);
  return await ask(path + "?" + new URLSearchParams({ ...parameters, limit: state.shown[name] }));
}

export const VIEWS = {
  members: {
    title: "Members",
    draw(_, { state, act }) {
      const { overview } = state;
      if (overview === null) return [];
      const { actions, buttons, at } = overview;
      const members = overview.members.map((member) => [
        [element("strong", member.id), member.id === overview.id ? soft(" this node") : ""],
        [pill(member.state, KINDS[member.state] ?? "bad")],
        member.roundTrip === null ? "–" : member.id === overview.id ? "" : member.roundTrip.toFixed(1) + " ms",
        [element("span", member.lastError ?? "", { className: "bad-text" })],
        member.storage ?? "",
        buttons.map((text) => button(text, () => act("button", { button: text, member: member.id }))),
      ]);
      const sessions = overview.sessions.map(({ id, node, remaining, hosts }) => [
        node,
        [element("code", id.slice(id.indexOf("/") + 1))],
        age(remaining),
        hosts.join(", "),
        actions && node !== overview.id ? [button("Report its end", () => {
          act("report", { session: id }, "Is the process of " + node + " surely gone? What it owns is free at once.");
        }, "danger")] : "",
      ]);
      const { owned, frames } = overview;
      return [
        card("Members", table(["Member", "State", ["Round trip", "number"], ["Last error", "wide"], "Storage", ""], members, "No answer yet.")),
        card(["Sessions", element("small", number(overview.sessionCount))], table(
          ["Node", "Session", ["Lasts at least", "number"], "Hosts", ""], sessions,
          overview.votes ? "No session is known." : "This node does not vote, and knows no other sessions.",
        )),
        card("This node", facts([
          ["session", overview.session === null ? "none" : age(overview.session.remaining) + " left"],
          ["processes", number(owned.processes)], ["locks held", number(owned.locks)],
          ["singletons run", number(owned.singletons)],
          ["registers kept", number(overview.entries)], ["bytes kept", number(overview.bytes)],
          ["guests", overview.guests ?? "not served"],
          ["frames sent", number(frames.sent)], ["received", number(frames.received)], ["dropped", number(frames.dropped)],
          ["change of members", overview.change ? JSON.stringify(overview.change) : "none"],
          ["life", overview.life, "mono"], ["start of the cluster", overview.genesis ?? "none known", "mono"],
        ])),
      ];
    },
  },
  locks: {
    title: "Locks",
    count: ({ data }) => data.locks?.total,
    fetch: (tools, isMore) => pages("locks", { filter: tools.state.filter }, "locks", tools, isMore),
    draw(data, tools) {
      const now = tools.state.overview?.at ?? Date.now();
      const filter = element("input", "", { type: "search", placeholder: "Filter", value: tools.state.filter, focus: "filter" });
      filter.setAttribute("aria-label", "Show the locks with this text");
      filter.addEventListener("input", async () => {
        tools.state.filter = filter.value;
        await tools.load().catch(() => {});
        tools.redraw();
      });
      const rows = (data?.rows ?? []).map((lock) => [
        [button(lock.key, () => tools.explain({ link: lock.link }), "link mono")],
        [...lock.holders.map((one) => party(one, now)), lock.held > lock.holders.length ? soft("and " + (lock.held - lock.holders.length) + " more") : ""],
        since(lock.holders[0].since, now),
        [lock.waiting === 0 ? soft("0") : pill(number(lock.waiting), lock.waiting > 5 ? "bad" : "warn")],
        [...lock.waiters.map((one) => party(one, now)), lock.waiting > lock.waiters.length ? soft("and " + number(lock.waiting - lock.waiters.length) + " more") : ""],
      ]);
      return [card(["Locks", element("small", data === undefined ? "" : number(data.total)), filter],
        table(["Lock", ["Held by", "wide"], ["Asked", "number"], ["Waiting", "number"], ["In this order", "wide"]], rows,
          tools.state.filter === "" ? "No lock is held." : "No lock has this text."),
        ...more(rows.length, data?.total ?? 0, tools))];
    },
  },
  keys: {
    title: "Keys",
    still: true,
    count: ({ data }) => data.keys?.buckets.reduce((sum, { keys }) => sum + keys, 0),
    async fetch({ ask, state }, isMore) {
      const before = state.data.keys;
      // Counting takes longer than the rest: not with each refresh.
      const isNew = before === undefined || Date.now() - before.counted > 5000;
      const buckets = isNew ? await ask("buckets") : before.buckets;
      const counted = isNew ? Date.now() : before.counted;
      if (state.bucket === undefined && buckets.length > 0) state.bucket = buckets[0].name;
      const named = state.bucket == null ? {} : { bucket: state.bucket };
      const isSame = before?.bucket === state.bucket;
      const after = isMore && isSame ? before.rows.at(-1)?.link ?? "" : "";
      // What was shown by more than one page is left as it is.
      if (!isMore && isSame && before.pages > 1) return { ...before, buckets, counted };
      const page = await ask("keys?" + new URLSearchParams({ ...named, after, limit: 200 }));
      const rows = after === "" ? page.rows : [...before.rows, ...page.rows].slice(-2000);
      return { ...page, rows, buckets, counted, bucket: state.bucket, pages: after === "" ? 1 : before.pages + 1 };
    },
    draw(data, tools) {
      if (data === undefined) return [card("Keys", element("div", "…", { className: "empty" }))];
      const buckets = data.buckets.map(({ name, keys }) => {
        const made = button((name ?? "default bucket") + " · " + number(keys), async () => {
          tools.state.bucket = name;
          await tools.load().catch(() => {});
          tools.redraw();
        });
        made.setAttribute("aria-pressed", String(name === tools.state.bucket));
        return made;
      });
      const rows = data.rows.map(({ key, value, bytes, token, bindings }) => [
        [element("code", key)], [element("code", value)], number(bytes), String(token), bindings.join(", "),
      ]);
      return [card("Keys by bucket", element("div", buckets, { className: "buckets" }),
        table([["Key", "wide"], ["Value", "wide"], ["Bytes", "number"], ["Token", "number"], "Lasts as long as"], rows, "No key."),
        ...(data.more ? more(0, undefined, tools) : []))];
    },
  },
  singletons: {
    title: "Singletons",
    still: true,
    count: ({ data }) => data.singletons?.total,
    fetch: (tools, isMore) => pages("singletons", {}, "singletons", tools, isMore),
    draw(data, tools) {
      const hosts = new Map();
      for (const one of data?.rows ?? []) {
        const name = one.node ?? "";
        if (!hosts.has(name)) hosts.set(name, []);
        hosts.get(name).push(one);
      }
      if (hosts.size === 0) return [card("Singletons", element("div", "No singleton runs.", { className: "empty" }))];
      const cards = [...hosts].sort(([a], [b]) => a < b ? -1 : 1).map(([host, all]) => {
        const rows = all.map(({ spec, key, token, running, begun, waiting }) => [
          spec, [element("code", key)], String(token),
          running === null ? [soft(host === "" ? "" : "not told by its host")] : calls(running, begun),
          waiting === null ? "" : number(waiting),
        ]);
        return card([host === "" ? "Waiting to be started" : host, element("small", number(all.length))],
          table(["Spec", "Key", ["Token", "number"], ["Calls under way", "wide"], ["Waiting", "number"]], rows, ""));
      });
      return [...cards, ...more((data?.rows ?? []).length, data?.total ?? 0, tools)];
    },
  },
  cells: {
    title: "Cells",
    still: true,
    count: ({ data }) => data.cells?.total,
    async fetch(tools, isMore) {
      const [cells, states] = await Promise.all(["cells", "states"].map((name) => pages(name, {}, name, tools, isMore)));
      return { cells, states, total: cells.total + states.total };
    },
    draw(data, tools) {
      if (data === undefined) return [card("Cells", element("div", "…", { className: "empty" }))];
      const { cells, states } = data;
      const cellRows = cells.rows.map(({ bucket, key, value, bytes, token }) => [
        [element("code", key)], [element("code", value)], number(bytes), String(token), bucket ?? "",
      ]);
      const stateRows = states.rows.map(({ spec, key, name, value, bytes, token }) => [
        spec, [element("code", key)], [element("code", name)], [element("code", value)], number(bytes), String(token),
      ]);
      return [
        card(["Cells", element("small", number(cells.total))],
          table([["Cell", "wide"], ["Value", "wide"], ["Bytes", "number"], ["Token", "number"], "Bucket"], cellRows, "No cell has a value."),
          ...more(cellRows.length, cells.total, tools)),
        card(["States of singletons", element("small", number(states.total))],
          table(["Spec", "Key", "State", ["Value", "wide"], ["Bytes", "number"], ["Token", "number"]], stateRows, "No singleton keeps a state."),
          ...more(stateRows.length, states.total, tools)),
      ];
    },
  },
  timeline: {
    title: "Timeline",
    still: true,
    draw(_, tools) {
      const { events, timeline } = tools.state;
      const filter = element("input", "", { type: "search", placeholder: "Filter", value: timeline, focus: "timeline" });
      filter.setAttribute("aria-label", "Show the events with this text");
      filter.addEventListener("input", () => {
        tools.state.timeline = filter.value;
        tools.redraw();
      });
      const wanted = timeline.toLowerCase();
      const found = wanted === "" ? events : events.filter(({ type, text }) => (type + " " + text).toLowerCase().includes(wanted));
      const kind = (type) => /lost|error|dropped|refused|failed|unreachable|noquorum/.test(type) ? "bad" : /^lock|^call/.test(type) ? "good" : "";
      const rows = found.slice(-300).reverse().map(({ at, type, text }) => [time(at), [pill(type, kind(type))], text]);
      return [card(["Timeline", element("small", "the latest " + rows.length + (tools.state.skipped > 0 ? ", " + number(tools.state.skipped) + " left out" : "")), filter],
        table([["At", "mono"], "Event", ["", "mono wide"]], rows, "Nothing has happened since the page was opened."))];
    },
  },
};
`;
