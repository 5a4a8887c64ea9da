/** A line of a panel. */
export interface Series {
  readonly name: string;
  /** In the order of x. */
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** One pair of axes; both are logarithmic unless `linear`. */
export interface Panel {
  readonly title: string;
  /** What x is. */
  readonly x: string;
  /** The unit of y. */
  readonly y: string;
  readonly linear?: boolean;
  readonly series: readonly Series[];
}

const PANEL = { width: 340, height: 250, left: 58, right: 14, top: 44, bottom: 46 } as const;

/** Height of the line with the names of the series. */
const LEGEND = 30;

/** Colours that can be told from each other on white and on black, also by readers who see fewer colours. */
const COLOURS = ["#2a78d6", "#e0662f", "#1a9c74", "#a35bc4"];

const STYLE = `
text { font: 12px system-ui, sans-serif; fill: #24292f; }
.title { font-weight: 600; }
.axis { fill: none; stroke: #8b949e; }
.grid { stroke: #8b949e; stroke-opacity: .25; }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3; } }
`;

/** A picture of panels side by side, as SVG. The series with the same name have the same colour in all panels. */
export function chart(panels: readonly Panel[]): string {
  const names = [...new Set(panels.flatMap(({ series }) => series.map(({ name }) => name)))];
  if (names.length > COLOURS.length) throw new TypeError(`more than ${COLOURS.length} series`);
  const width = panels.length * PANEL.width;
  const height = PANEL.height + LEGEND;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escaped(panels.map(({ title }) => title).join("; "))}</title>`,
    `<style>${STYLE}</style>`,
    ...panels.map((panel, index) =>
      `<g transform="translate(${index * PANEL.width} 0)">${drawn(panel, names)}</g>`
    ),
    ...names.map((name, index) => {
      const x = PANEL.left + index * 150;
      const y = PANEL.height + LEGEND / 2;
      return `<path d="M${x} ${y}h18" stroke="${COLOURS[index]}" stroke-width="2.5"/>` +
        `<text x="${x + 24}" y="${y + 4}">${escaped(name)}</text>`;
    }),
    "</svg>\n",
  ].join("\n");
}

/** A scale from values to pixels, and the values that are marked. */
export interface Scale {
  readonly at: (value: number) => number;
  readonly ticks: readonly number[];
}

/** From 0 to the largest value, with about four marks. */
export function linear(values: readonly number[], from: number, to: number): Scale {
  const largest = Math.max(...values, Number.MIN_VALUE);
  const rough = largest / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= rough)!;
  const ticks = Array.from({ length: Math.ceil(largest / step) + 1 }, (_, index) => index * step);
  const end = ticks.at(-1)!;
  return { at: (value) => from + (to - from) * value / end, ticks };
}

/** From the power of ten below the smallest value to the one above the largest; `ticks` in place of the powers. */
export function logarithmic(
  values: readonly number[],
  from: number,
  to: number,
  ticks?: readonly number[],
): Scale {
  const lowest = ticks ? Math.log10(ticks[0]) : Math.floor(Math.log10(Math.min(...values)));
  const most = ticks ? Math.log10(ticks.at(-1)!) : Math.ceil(Math.log10(Math.max(...values)));
  const highest = Math.max(most, lowest + Number.EPSILON);
  return {
    at: (value) => from + (to - from) * (Math.log10(value) - lowest) / (highest - lowest),
    ticks: ticks ??
      Array.from({ length: Math.round(most - lowest) + 1 }, (_, index) => 10 ** (lowest + index)),
  };
}

function drawn({ title, x, y, linear: isLinear, series }: Panel, names: readonly string[]): string {
  const points = series.flatMap(({ points }) => points);
  const xs = [...new Set(points.map(([x]) => x))].sort((a, b) => a - b);
  const ys = points.map(([, y]) => y);
  const [left, right] = [PANEL.left, PANEL.width - PANEL.right];
  const [bottom, top] = [PANEL.height - PANEL.bottom, PANEL.top];
  const across = isLinear ? linear(xs, left, right) : logarithmic(xs, left, right, xs);
  const up = isLinear ? linear(ys, bottom, top) : logarithmic(ys, bottom, top);
  return [
    `<text class="title" x="${left}" y="18">${escaped(title)}</text>`,
    `<text x="${left}" y="34">${escaped(y)}</text>`,
    `<text x="${right}" y="${PANEL.height - 8}" text-anchor="end">${escaped(x)}</text>`,
    ...up.ticks.map((tick) => {
      const at = round(up.at(tick));
      return `<path class="grid" d="M${left} ${at}H${right}"/>` +
        `<text x="${left - 6}" y="${at + 4}" text-anchor="end">${short(tick)}</text>`;
    }),
    ...across.ticks.map((tick) =>
      `<text x="${round(across.at(tick))}" y="${bottom + 16}" text-anchor="middle">${
        short(tick)
      }</text>`
    ),
    `<path class="axis" d="M${left} ${top}V${bottom}H${right}"/>`,
    ...series.map(({ name, points }) => {
      const colour = COLOURS[names.indexOf(name)];
      const places = points.map(([x, y]) => [round(across.at(x)), round(up.at(y))]);
      const dots = places.map(([x, y]) => `<circle cx="${x}" cy="${y}" r="3" fill="${colour}"/>`);
      return `<path d="M${places.map((place) => place.join(" ")).join("L")}" fill="none" ` +
        `stroke="${colour}" stroke-width="2"/>${dots.join("")}`;
    }),
  ].join("\n");
}

/** A number as short as it can be read: `16k`, `0.1`. */
export function short(value: number): string {
  if (value >= 1e6) return `${Number((value / 1e6).toPrecision(3))}M`;
  if (value >= 1e3) return `${Number((value / 1e3).toPrecision(3))}k`;
  return `${Number(value.toPrecision(3))}`;
}

function round(value: number): number {
  return Number(value.toFixed(1));
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
