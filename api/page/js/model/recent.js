/* Memory of a bounded number of things. */

/** The last `limit` ids. */
export class RecentIds {
  #ids = new Set();
  #limit;

  constructor(limit) {
    this.#limit = limit;
  }

  /** Remember an id; false where it is known already. */
  add(id) {
    if (this.#ids.has(id)) return false;
    this.#ids.add(id);
    if (this.#ids.size > this.#limit) this.#ids.delete(this.#ids.values().next().value);
    return true;
  }

  clear() {
    this.#ids.clear();
  }

  get size() {
    return this.#ids.size;
  }
}

/** Counts of the last `limit` things by name. */
export class RecentShares {
  #names = [];
  #next = 0;
  #limit;

  constructor(limit) {
    this.#limit = limit;
  }

  add(name) {
    if (this.#names.length < this.#limit) this.#names.push(name);
    else this.#names[this.#next] = name;
    this.#next = (this.#next + 1) % this.#limit;
  }

  clear() {
    this.#names = [];
    this.#next = 0;
  }

  get size() {
    return this.#names.length;
  }

  counts() {
    const found = new Map();
    for (const name of this.#names) found.set(name, (found.get(name) ?? 0) + 1);
    return found;
  }
}

/** How many things came in each of the last `seconds` seconds. */
export class Arrivals {
  #counts;
  #last = 0;
  #clock;

  constructor(seconds, clock = Date.now) {
    this.#counts = new Array(seconds).fill(0);
    this.#clock = clock;
    this.#last = this.#second();
  }

  add() {
    this.#advance();
    this.#counts[this.#last % this.#counts.length] += 1;
  }

  /** Oldest second first; the last one is still running. */
  series() {
    this.#advance();
    const length = this.#counts.length;
    return Array.from({ length }, (_, index) => this.#counts[(this.#last + 1 + index) % length]);
  }

  total() {
    return this.series().reduce((sum, one) => sum + one, 0);
  }

  #second() {
    return Math.floor(this.#clock() / 1000);
  }

  #advance() {
    const now = this.#second();
    const length = this.#counts.length;
    if (now - this.#last >= length) this.#counts.fill(0);
    else for (let second = this.#last + 1; second <= now; second += 1) this.#counts[second % length] = 0;
    this.#last = Math.max(now, this.#last);
  }
}
