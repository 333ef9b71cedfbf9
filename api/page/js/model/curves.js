/* Curves of subjects: the mentions of each of the last hours, beside those that were to be expected. */

const HOUR = 3_600_000;
const LIMIT = 40;
const HOURS = 24;
/* A curve of fewer hours would look like more than it is. */
const FEWEST = 8;

export const keyOf = (trend) => `${trend.subject_kind}:${trend.subject}`;

export class Curves {
  #of = new Map();
  #clock;

  constructor(clock = Date.now) {
    this.#clock = clock;
  }

  /** When the curves of now begin. */
  get from() {
    const now = this.#clock();
    return now - (now % HOUR) - (HOURS - 1) * HOUR;
  }

  has(key) {
    return this.#of.has(key);
  }

  /** Begin the curve of a subject; of too many, the one that was begun first is forgotten. */
  begin(key) {
    this.#of.delete(key);
    this.#of.set(key, new Map());
    if (this.#of.size > LIMIT) this.#of.delete(this.#of.keys().next().value);
  }

  /** Take in a window of an hour of a subject whose curve was begun. */
  take(trend) {
    if (trend.window !== "1h") return;
    const hours = this.#of.get(keyOf(trend));
    if (!hours || (hours.get(trend.start)?.revision ?? -1) >= trend.revision) return;
    hours.set(trend.start, trend);
    for (const start of hours.keys()) if (start < this.from) hours.delete(start);
  }

  clear() {
    this.#of.clear();
  }

  /** The last hours from the first one known on, the one under way last: {start, mentions, usual}, null where not known.
      `covered(start)`: was anything collected then? */
  series(key, covered) {
    const hours = this.#of.get(key);
    const from = this.from;
    const points = Array.from({ length: HOURS }, (_, index) => {
      const start = from + index * HOUR;
      const known = hours?.get(start);
      // An expectation learnt of nothing is none.
      const usual = known && known.learnt > 0 ? known.baseline : null;
      return { start, mentions: known?.mentions ?? (hours && covered(start) ? 0 : null), usual };
    });
    const first = points.findIndex((point) => point.mentions !== null);
    return points.slice(first < 0 ? -FEWEST : Math.min(first, HOURS - FEWEST));
  }
}
