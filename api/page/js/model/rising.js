/* The subjects that rise: of each its windows of this hour and the one before, the better score counts. */

import { NAMEABLE } from "./filter.js";

const HOUR = 3_600_000;
const LIMIT = 1500;
const LOWEST = 1;

export class Rising {
  #windows = new Map();
  #clock;

  constructor(clock = Date.now) {
    this.#clock = clock;
  }

  /** Take in a trend; only 1h windows of nameable subjects matter here. */
  take(trend) {
    if (trend.window !== "1h" || !trend.subject || !NAMEABLE.includes(trend.subject_kind)) return;
    if (trend.start < this.#oldest()) return;
    const known = this.#windows.get(trend.id);
    if (known && known.revision >= trend.revision) return;
    this.#windows.delete(trend.id);
    this.#windows.set(trend.id, trend);
    if (this.#windows.size > LIMIT) this.#shrink();
  }

  clear() {
    this.#windows.clear();
  }

  /** The highest `limit` subjects. */
  top(limit) {
    const oldest = this.#oldest();
    const best = new Map();
    for (const [id, trend] of this.#windows) {
      if (trend.start < oldest) {
        this.#windows.delete(id);
        continue;
      }
      const key = `${trend.subject_kind}:${trend.subject}`;
      const other = best.get(key);
      if (trend.display_score >= LOWEST && (!other || above(trend, other) < 0)) best.set(key, trend);
    }
    return [...best.values()].sort(above).slice(0, limit);
  }

  get size() {
    return this.#windows.size;
  }

  #oldest() {
    const now = this.#clock();
    return now - (now % HOUR) - HOUR;
  }

  /** Too many subjects to remember: the least mentioned tenth goes. */
  #shrink() {
    const least = [...this.#windows.values()].sort((a, b) => a.mentions - b.mentions).slice(0, LIMIT / 10);
    for (const trend of least) this.#windows.delete(trend.id);
  }
}

function above(a, b) {
  return b.display_score - a.display_score || b.mentions - a.mentions || (a.id < b.id ? -1 : 1);
}
