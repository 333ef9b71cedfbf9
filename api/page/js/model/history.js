/* A period in the archive's bins, kept up to date by the stream. */

import { Bin } from "./bin.js";
import { SENTIMENTS } from "./filter.js";

export class History {
  #bins;

  /** `answer` is a sentiment-trend; `own` false: its counts are not this filter's, they only say what was covered. */
  constructor(answer, own = true) {
    this.period = answer.period;
    this.from = answer.from;
    this.to = answer.to;
    this.window = answer.bucket === "day" ? "1d" : "1h";
    this.#bins = answer.buckets.map((one) => new Bin(one.start, one.end, base(one, own)));
  }

  /** Count a mention; false where its time lies outside of the period. */
  add(mention) {
    const bin = this.#at(mention.event_at);
    bin?.add(mention.sentiment);
    return bin !== undefined;
  }

  /** Take in a window, where it is just one of the bins. */
  tell(trend) {
    if (trend.window !== this.window) return;
    const bin = this.#at(trend.start);
    if (bin?.start === trend.start) bin.tell(trend);
  }

  /** Whether something was collected at a time; undefined outside of the period. */
  covered(at) {
    const bin = this.#at(at);
    return bin && bin.value() !== null;
  }

  series() {
    return this.#bins.map((bin) => ({ start: bin.start, end: bin.end, counts: bin.value() }));
  }

  /** Counts by sentiment over all of it. */
  totals() {
    const sum = { positive: 0, neutral: 0, negative: 0 };
    for (const bin of this.#bins) {
      const counts = bin.value();
      if (counts) for (const name of SENTIMENTS) sum[name] += counts[name];
    }
    return sum;
  }

  #at(at) {
    if (at < this.from || at >= this.to) return undefined;
    let low = 0;
    let high = this.#bins.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#bins[middle].start <= at) low = middle;
      else high = middle - 1;
    }
    return this.#bins[low];
  }
}

function base(bucket, own) {
  if (bucket.mentions === null) return null;
  return Object.fromEntries(SENTIMENTS.map((name) => [name, own ? bucket[name] : 0]));
}

/** All mentions of counts, or those of one sentiment; null stays null. */
export function amount(counts, sentiment = null) {
  if (counts === null) return null;
  return sentiment ? counts[sentiment] : counts.positive + counts.neutral + counts.negative;
}
