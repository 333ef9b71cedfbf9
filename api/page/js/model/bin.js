/* One stretch of time and what is known of its mentions, from three sides that never add up to too much.

   `base`: what the archive counted. `seen`: what the stream brought after the archive's position. `told`: the latest
   revision of the trend window of just this stretch. Each of base + seen and told counts distinct mentions, so both
   are at most the truth, and the larger is the better; a repeat of a revision changes nothing. */

import { SENTIMENTS } from "./filter.js";

const zeros = () => ({ positive: 0, neutral: 0, negative: 0 });

export class Bin {
  #base;
  #seen = zeros();
  #told = zeros();
  #floor = zeros();
  #revision = -1;

  /** `base` null: the archive says that nothing was collected then. */
  constructor(start, end, base = null) {
    this.start = start;
    this.end = end;
    this.#base = base;
  }

  /** One more mention that the base does not hold. */
  add(sentiment) {
    this.#seen[sentiment] += 1;
  }

  /** A trend window of this stretch; an older revision is ignored. */
  tell(trend) {
    if (trend.revision <= this.#revision) return;
    this.#revision = trend.revision;
    for (const name of SENTIMENTS) this.#told[name] = trend[name];
  }

  /** Counts by sentiment, or null where nothing is known and, as `covered` says, nothing was collected. */
  value(covered = this.#base !== null) {
    const found = zeros();
    for (const name of SENTIMENTS) found[name] = this.#best(name);
    return covered || found.positive + found.neutral + found.negative > 0 ? found : null;
  }

  /** Keep what is known and forget how: the stream is about to start over at another position. */
  settle() {
    this.#floor = this.value(true);
    this.#base = null;
    this.#seen = zeros();
  }

  #best(name) {
    return Math.max((this.#base?.[name] ?? 0) + this.#seen[name], this.#told[name], this.#floor[name]);
  }
}
