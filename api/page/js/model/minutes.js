/* The last hour in minutes, as a ring: older minutes are forgotten. */

import { Bin } from "./bin.js";

export const MINUTE = 60_000;
export const MINUTES = 60;

const floor = (at) => at - (at % MINUTE);

export class Minutes {
  #bins = new Map();
  #clock;
  /** Start of the newest minute that a trend window told of: up to there a minute without one had no mentions. */
  toldTo = -Infinity;

  constructor(clock = Date.now) {
    this.#clock = clock;
  }

  /** Count a mention; false where it is older than the ring (or more than a minute ahead). */
  add(mention) {
    const bin = this.#bin(mention.event_at);
    bin?.add(mention.sentiment);
    return bin !== null;
  }

  /** Take in a 1m window. */
  tell(trend) {
    this.#bin(trend.start)?.tell(trend);
    this.toldTo = Math.max(this.toldTo, trend.start);
  }

  /** The stream starts over. */
  settle() {
    for (const bin of this.#bins.values()) bin.settle();
  }

  /** The minutes up to now, oldest first; counts null where nothing is known and `covered(start)` is false. */
  series(covered) {
    const last = floor(this.#clock());
    this.#forget(last);
    return Array.from({ length: MINUTES }, (_, index) => {
      const start = last - (MINUTES - 1 - index) * MINUTE;
      const bin = this.#bins.get(start) ?? new Bin(start, start + MINUTE);
      return { start, end: start + MINUTE, counts: bin.value(covered(start)) };
    });
  }

  get size() {
    return this.#bins.size;
  }

  #bin(at) {
    const start = floor(at);
    const last = floor(this.#clock());
    if (start > last + MINUTE || start <= last - MINUTES * MINUTE) return null;
    if (!this.#bins.has(start)) {
      this.#forget(last);
      this.#bins.set(start, new Bin(start, start + MINUTE));
    }
    return this.#bins.get(start);
  }

  #forget(last) {
    for (const start of this.#bins.keys()) if (start <= last - MINUTES * MINUTE) this.#bins.delete(start);
  }
}
