/* Sentiment over time: the shares of negative, neutral and positive, stacked; what had no mentions has no shares. */

import { svg } from "../dom.js";
import { count, percent } from "../format.js";
import { amount } from "../model/history.js";
import { t } from "../words.js";
import { Frame } from "./frame.js";
import { span } from "./volume.js";

const UPWARDS = ["negative", "neutral", "positive"];

export class SentimentChart {
  #frame;

  constructor(parent) {
    this.#frame = new Frame(parent, { unit: (share) => percent(share / 100), ticks: () => [0, 50, 100], draw, describe });
  }

  show(points, label) {
    this.#frame.label(label);
    this.#frame.show(points, 100);
  }
}

function draw(frame) {
  return frame.data.flatMap((point) => {
    const total = amount(point.counts);
    if (!total) return [];
    const { x, width } = frame.bar(point);
    let below = 0;
    return UPWARDS.map((name) => {
      const share = (point.counts[name] / total) * 100;
      const top = frame.y(below + share);
      const height = frame.y(below) - top;
      below += share;
      return svg("rect", { x, width, y: top, height: Math.max(height, 0), class: `bar ${name}` });
    });
  });
}

function describe(point) {
  const total = amount(point.counts);
  if (total === null) return [span(point), t("notCovered")];
  const shares = UPWARDS.toReversed().map((name) => `${t(name)} ${percent(total ? point.counts[name] / total : 0)} · ${count(point.counts[name])}`);
  return [span(point), ...shares];
}
