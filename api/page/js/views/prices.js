/* The prices of the symbol looked at: the newest quote in words, and the candles of the period. */

import { byId, say } from "../dom.js";
import { clock, day, price, signed, signedPercent2 } from "../format.js";
import { PriceChart } from "../charts/price.js";
import { t } from "../words.js";

const DAY = 86_400_000;

export class PriceView {
  #box = byId("prices");
  #chart = new PriceChart(byId("price-chart"));

  /** `bins` are those of the charts above; `known` is null while it is not known. */
  show(filter, known, bins) {
    const market = known?.symbol === filter.subject ? known : null;
    this.#box.hidden = filter.kind !== "symbol";
    if (this.#box.hidden) return;
    say(byId("price-title"), t("priceOf", { symbol: filter.subject }));
    const candles = market && bins ? market.prices.candles(bins) : [];
    byId("price-chart").hidden = !candles.length;
    if (candles.length) this.#chart.show(bins, candles, t("chartPrice"));
    say(byId("price-note"), market ? told(market.quote) || (candles.length ? "" : t("priceNone")) : "");
  }
}

/** "9,250 IDR · +50 (+0.54%) · 14:32", or nothing without a quote. */
function told(quote) {
  if (!quote) return "";
  const before = quote.change === null ? null : quote.price - quote.change;
  const change = before ? `${signed(quote.change, 2)} (${signedPercent2(quote.change / before)})` : null;
  const at = quote.market_time > Date.now() - DAY ? clock(quote.market_time) : day(quote.market_time);
  return [`${price(quote.price)} ${quote.currency}`.trim(), change, at].filter(Boolean).join(" · ");
}
