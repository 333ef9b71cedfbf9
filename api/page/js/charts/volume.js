/* Volume: one bar a stretch of time; a zero is a line at the bottom, a gap is hatched. */

import { svg } from "../dom.js";
import { clock, day, mentions, moment } from "../format.js";
import { amount } from "../model/history.js";
import { t } from "../words.js";
import { Frame } from "./frame.js";

export class VolumeChart {
  #frame;
  #sentiment = null;

  /** `live`: the last bar is still growing and is marked. */
  constructor(parent, { live = false } = {}) {
    this.#frame = new Frame(parent, {
      draw: (frame) => this.#bars(frame, live),
      describe: (point) => [span(point), this.#told(point)],
    });
  }

  show(points, sentiment, label) {
    this.#sentiment = sentiment;
    this.#frame.label(label);
    this.#frame.show(points, Math.max(...points.map((point) => amount(point.counts, sentiment) ?? 0)));
  }

  #bars(frame, live) {
    const last = frame.data.at(-1);
    return frame.data.flatMap((point) => {
      const value = amount(point.counts, this.#sentiment);
      if (!value) return [];
      const { x, width } = frame.bar(point);
      const top = frame.y(value);
      const kind = `bar ${this.#sentiment ?? ""} ${live && point === last ? "growing" : ""}`;
      return [svg("rect", { x, width, y: top, height: Math.max(frame.bottom - top, 1), class: kind, rx: Math.min(1.5, width / 4) })];
    });
  }

  #told(point) {
    const value = amount(point.counts, this.#sentiment);
    return value === null ? t("notCovered") : mentions(value);
  }
}

/** The time that a point covers. */
export function span(point) {
  const length = point.end - point.start;
  if (length > 20 * 3_600_000) return day(point.start);
  return `${length > 60_000 ? moment(point.start) : clock(point.start)}–${clock(point.end)}`;
}
