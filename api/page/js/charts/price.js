/* Prices as candles: hollow where the close is above the open, filled where it is below, so that colour is not needed. */

import { svg } from "../dom.js";
import { price, signedPercent2 } from "../format.js";
import { candleAt, range } from "../model/prices.js";
import { t } from "../words.js";
import { Frame } from "./frame.js";
import { priceTicks } from "./scale.js";
import { span } from "./volume.js";

/* Nothing was missed where nothing was traded: such a stretch is left empty, not hatched. */
const TRADELESS = { positive: 0, neutral: 0, negative: 0 };
const WIDEST = 14;

export class PriceChart {
  #frame;
  #candles = [];

  constructor(parent) {
    this.#frame = new Frame(parent, { unit: price, ticks: priceTicks, draw: (frame) => this.#draw(frame), describe });
  }

  /** `bins` are the period's, `candles` what was traded in them (at least one). */
  show(bins, candles, label) {
    this.#candles = candles;
    this.#frame.label(label);
    this.#frame.show(bins.map(({ start, end }) => ({ start, end, counts: TRADELESS, candle: candleAt(candles, { start, end }) })), range(candles));
  }

  #draw(frame) {
    return this.#candles.flatMap((one) => {
      const bar = frame.bar(one);
      const width = Math.min(bar.width, WIDEST);
      const x = bar.x + (bar.width - width) / 2;
      const middle = bar.x + bar.width / 2;
      const [top, bottom] = [frame.y(Math.max(one.open, one.close)), frame.y(Math.min(one.open, one.close))];
      const kind = one.close < one.open ? "fell" : "rose";
      return [
        svg("line", { x1: middle, x2: middle, y1: frame.y(one.high), y2: top, class: `wick ${kind}` }),
        svg("line", { x1: middle, x2: middle, y1: bottom, y2: frame.y(one.low), class: `wick ${kind}` }),
        svg("rect", { x, width, y: top, height: Math.max(bottom - top, 1), class: `candle ${kind}` }),
      ];
    });
  }
}

function describe({ start, end, candle }) {
  if (!candle) return [span({ start, end }), t("noTrade")];
  const change = candle.open ? signedPercent2(candle.close / candle.open - 1) : "";
  return [span(candle), `${t("close")} ${price(candle.close)} (${change})`, `${t("lowHigh")} ${price(candle.low)} – ${price(candle.high)}`];
}
