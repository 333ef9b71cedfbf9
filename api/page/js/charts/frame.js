/* What all time charts share: size, axes, gaps, and a cursor that mouse, touch and arrow keys move. */

import { el, say, svg } from "../dom.js";
import { compact } from "../format.js";
import { countTicks, timeTicks } from "./scale.js";

const TOP = 8;
const BOTTOM = 20;
const PER_LABEL = 74;
let made = 0;

export class Frame {
  #svg;
  #tip;
  #spoken;
  #draw;
  #ticksTo;
  #describe;
  #data = [];
  #cursor = null;
  #size = { width: 0, height: 0 };

  /** `draw(frame)` returns marks; `describe(point)` returns lines of text for one point. `unit` writes a tick, `ticks` chooses them. */
  constructor(parent, { draw, describe, unit = compact, ticks = countTicks, left = 48 }) {
    this.left = left;
    this.unit = unit;
    this.hatch = `hatch-${(made += 1)}`;
    this.#draw = draw;
    this.#ticksTo = ticks;
    this.#describe = describe;
    this.#svg = svg("svg", { role: "img", tabindex: "0" });
    this.#tip = el("div", { class: "tip", hidden: true });
    this.#spoken = el("span", { class: "hidden", "aria-live": "polite" });
    parent.append(this.#svg, this.#tip, this.#spoken);
    this.#listen();
    new ResizeObserver(([entry]) => this.#resized(entry.contentRect)).observe(parent);
  }

  label(text) {
    if (this.#svg.getAttribute("aria-label") !== text) this.#svg.setAttribute("aria-label", text);
  }

  /** Points {start, end, counts|null, …} in order, and what the axis must reach: the highest value, or what `ticks` takes instead. */
  show(data, top) {
    this.#data = data;
    this.top = top;
    this.#render();
  }

  get data() {
    return this.#data;
  }

  get width() {
    return this.#size.width - this.left - 2;
  }

  get height() {
    return this.#size.height - TOP - BOTTOM;
  }

  get bottom() {
    return TOP + this.height;
  }

  x(at) {
    const from = this.#data[0].start;
    const to = this.#data.at(-1).end;
    return this.left + ((at - from) / (to - from)) * this.width;
  }

  y(value) {
    const [lowest, highest] = [this.ticks[0], this.ticks.at(-1)];
    return this.bottom - ((value - lowest) / (highest - lowest)) * this.height;
  }

  /** Left edge and width of a point's bar, with a hair of air where there is room for it. */
  bar(point) {
    const left = this.x(point.start);
    const width = this.x(point.end) - left;
    const air = width > 4 ? 1 : width > 2 ? 0.5 : 0;
    return { x: left + air / 2, width: Math.max(width - air, 0.5) };
  }

  #render() {
    if (!this.#data.length || this.width < 40 || this.height < 20) return;
    this.ticks = this.#ticksTo(this.top);
    const { width, height } = this.#size;
    this.#svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.#svg.replaceChildren(this.#pattern(), ...this.#grid(), ...this.#gaps(), ...this.#draw(this), ...this.#times(), ...this.#marker());
  }

  #pattern() {
    const line = svg("path", { d: "M0 6L6 0", class: "hatch" });
    return svg("defs", {}, svg("pattern", { id: this.hatch, width: 6, height: 6, patternUnits: "userSpaceOnUse" }, line));
  }

  #grid() {
    return this.ticks.flatMap((tick) => {
      const y = Math.round(this.y(tick)) + 0.5;
      return [
        svg("line", { x1: this.left, x2: this.left + this.width, y1: y, y2: y, class: tick === this.ticks[0] ? "zero" : "grid" }),
        svg("text", { x: this.left - 6, y: y + 3.5, class: "tick count" }, this.unit(tick)),
      ];
    });
  }

  /** Runs of points without counts are hatched as one. */
  #gaps() {
    const runs = [];
    for (const point of this.#data) {
      if (point.counts !== null) continue;
      if (runs.at(-1)?.end === point.start) runs.at(-1).end = point.end;
      else runs.push({ start: point.start, end: point.end });
    }
    return runs.map((run) =>
      svg("rect", {
        x: this.x(run.start), y: TOP, width: this.x(run.end) - this.x(run.start), height: this.height,
        class: "gap", fill: `url(#${this.hatch})`,
      }),
    );
  }

  #times() {
    const most = Math.max(2, Math.floor(this.width / PER_LABEL));
    return timeTicks(this.#data[0].start, this.#data.at(-1).end, most).flatMap(({ at, label }) => {
      const x = this.x(at);
      if (x > this.left + this.width - 16) return [];
      return [
        svg("line", { x1: x, x2: x, y1: this.bottom, y2: this.bottom + 4, class: "zero" }),
        svg("text", { x: Math.max(x, this.left + 14), y: this.bottom + 16, class: "tick time" }, label),
      ];
    });
  }

  #marker() {
    const point = this.#pointed();
    if (!point) return [];
    const { x, width } = this.bar(point);
    return [svg("rect", { x: x - 0.5, y: TOP, width: width + 1, height: this.height, class: "marker" })];
  }

  #pointed() {
    return this.#cursor === null ? null : (this.#data[Math.min(this.#cursor, this.#data.length - 1)] ?? null);
  }

  #listen() {
    this.#svg.addEventListener("pointermove", (event) => this.#point(event));
    this.#svg.addEventListener("pointerdown", (event) => this.#point(event));
    this.#svg.addEventListener("pointerleave", () => this.#move(null));
    this.#svg.addEventListener("blur", () => this.#move(null));
    this.#svg.addEventListener("keydown", (event) => this.#key(event));
  }

  #point(event) {
    if (!this.#data.length) return;
    const share = (event.clientX - this.#svg.getBoundingClientRect().left - this.left) / this.width;
    const from = this.#data[0].start;
    const at = from + share * (this.#data.at(-1).end - from);
    const index = this.#data.findIndex((point) => at < point.end);
    this.#move(share < 0 || index < 0 ? null : index);
  }

  #key(event) {
    const last = this.#data.length - 1;
    const here = this.#cursor ?? last + 1;
    const to = { ArrowLeft: here - 1, ArrowRight: here + 1, Home: 0, End: last, Escape: null }[event.key];
    if (to === undefined || last < 0) return;
    event.preventDefault();
    this.#move(to === null ? null : Math.min(Math.max(to, 0), last));
    const point = this.#pointed();
    say(this.#spoken, point ? this.#describe(point).join(", ") : "");
  }

  #move(index) {
    if (index === this.#cursor) return;
    this.#cursor = index;
    this.#render();
    const point = this.#pointed();
    this.#tip.hidden = point === null;
    if (!point) return;
    this.#tip.replaceChildren(...this.#describe(point).map((line) => el("div", {}, line)));
    const { x, width } = this.bar(point);
    const room = this.#size.width - this.#tip.offsetWidth;
    this.#tip.style.left = `${Math.max(0, Math.min(room, x + width / 2 - this.#tip.offsetWidth / 2))}px`;
  }

  /** The style sheet gives the parent its size, the drawing follows. */
  #resized(given) {
    const [width, height] = [Math.floor(given.width), Math.floor(given.height)];
    if (width === this.#size.width && height === this.#size.height) return;
    this.#size = { width, height };
    this.#render();
  }
}
