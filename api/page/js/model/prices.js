/* Prices of one symbol over the bins of a period, so that they stand beside its sentiment on the same time axis. */

const HALF_DAY = 12 * 3_600_000;

export class Prices {
  #minutes;
  #days;

  /** Bars of 1m and of 1d, each oldest first. */
  constructor(minutes = [], days = []) {
    this.#minutes = minutes;
    this.#days = days;
  }

  /** One candle {start, end, open, high, low, close, volume} where there is a price, none where nothing was traded.
      Bins of hours are made of minutes; where there are none, a day's bar spans its day. */
  candles(bins) {
    if (!bins.length) return [];
    const [from, to] = [bins[0].start, bins.at(-1).end];
    const hours = bins[0].end - bins[0].start < HALF_DAY;
    if (hours) {
      const found = folded(bins, this.#minutes, (bar) => bar.start);
      return found.length ? found : this.#days.filter((bar) => bar.end > from && bar.start < to).map((bar) => clipped(bar, from, to));
    }
    // A day of an exchange elsewhere is the day of the reader in which its noon lies.
    return folded(bins, this.#days, (bar) => bar.start + HALF_DAY);
  }
}

/** The candle that covers the middle of a bin. */
export function candleAt(candles, bin) {
  const middle = (bin.start + bin.end) / 2;
  return candles.find((one) => one.start <= middle && middle < one.end) ?? null;
}

/** Lowest and highest price, or null without any. */
export function range(candles) {
  if (!candles.length) return null;
  return [Math.min(...candles.map((one) => one.low)), Math.max(...candles.map((one) => one.high))];
}

const clipped = (bar, from, to) => ({ ...candle(bar), start: Math.max(bar.start, from), end: Math.min(bar.end, to) });

const candle = ({ start, end, open, high, low, close, volume }) => ({ start, end, open, high, low, close, volume });

function folded(bins, bars, when) {
  const found = [];
  let index = 0;
  for (const bin of bins) {
    while (index < bars.length && when(bars[index]) < bin.start) index += 1;
    let whole = null;
    while (index < bars.length && when(bars[index]) < bin.end) {
      const bar = bars[index];
      if (!whole) whole = { ...candle(bar), start: bin.start, end: bin.end };
      else {
        whole.high = Math.max(whole.high, bar.high);
        whole.low = Math.min(whole.low, bar.low);
        whole.close = bar.close;
        whole.volume += bar.volume;
      }
      index += 1;
    }
    if (whole) found.push(whole);
  }
  return found;
}
