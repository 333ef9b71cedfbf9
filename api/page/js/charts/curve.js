/* A small curve: mentions an hour as a line, what was usual dashed; hours of which nothing is known are left out. */

import { svg } from "../dom.js";

const STEP = 10;
const HEIGHT = 30;
const TOP = 2;

export class Curve {
  #area = svg("path", { class: "curve-area" });
  #line = svg("path", { class: "curve-line" });
  #growing = svg("path", { class: "curve-line growing" });
  #usual = svg("path", { class: "curve-usual" });

  constructor() {
    this.element = svg("svg", { class: "curve", role: "img", preserveAspectRatio: "none" }, this.#area, this.#line, this.#growing, this.#usual);
  }

  /** `points` are {mentions, usual}, oldest first, null where not known; the last one is still growing. */
  show(points, label) {
    const most = Math.max(1, ...points.map(({ mentions, usual }) => Math.max(mentions ?? 0, usual ?? 0)));
    const y = (value) => HEIGHT - (value / most) * (HEIGHT - TOP);
    const line = points.map(({ mentions }) => mentions);
    put(this.element, "viewBox", `0 0 ${points.length * STEP} ${HEIGHT}`);
    put(this.element, "aria-label", label);
    put(this.#area, "d", steps(line, y).map((run) => `M${run[0]} ${HEIGHT}V${run[1]}${run[2]}V${HEIGHT}Z`).join(""));
    put(this.#line, "d", joined(steps(line.slice(0, -1), y)));
    put(this.#growing, "d", joined(steps(line.map((value, index) => (index < line.length - 1 ? null : value)), y)));
    put(this.#usual, "d", joined(steps(points.map(({ usual }) => usual), y)));
  }
}

const joined = (runs) => runs.map(([x, height, rest]) => `M${x} ${height}${rest}`).join("");

/** Runs of known values as steps: [left, height of the first, the way from there]. */
function steps(values, y) {
  const runs = [];
  values.forEach((value, index) => {
    if (value === null) return;
    const height = y(value).toFixed(1);
    if (index > 0 && values[index - 1] !== null) runs.at(-1)[2] += `V${height}h${STEP}`;
    else runs.push([index * STEP, height, `h${STEP}`]);
  });
  return runs;
}

function put(element, name, value) {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}
