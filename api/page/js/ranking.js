/* What rises: subjects with their curves, and topics. The stream tells of changes; what was before, and what a filtered stream does not carry, is asked for. */

import * as api from "./api.js";
import { Curves, keyOf } from "./model/curves.js";
import { carriesAllTrends } from "./model/filter.js";
import { Rising } from "./model/rising.js";
import { TopicLog } from "./model/topics.js";
import { may } from "./may.js";

const POLL_MS = 15_000;
const AGAIN_MS = 5000;
const TOPICS = 100;

export class Ranking {
  rising = new Rising();
  curves = new Curves();
  topics = new TopicLog();
  /** Whether the archive's topics are known; null while they are asked for, false where it did not answer. */
  answered = null;
  #filter = null;
  #signal = null;
  #poll = 0;
  #askAt = 0;
  /** Subjects whose curve was read since the stream was opened: while nobody listened, hours may have gone by. */
  #begun = new Set();
  #change;

  /** `change()` is called when something new is known. */
  constructor(change) {
    this.#change = change;
  }

  /** Read what was before; once the stream is open, so that no revision falls in between. */
  begin(filter, signal) {
    this.#filter = filter;
    this.#signal = signal;
    this.stop();
    this.#askAt = 0;
    this.#begun.clear();
    if (!carriesAllTrends(filter)) this.#poll = setInterval(() => this.#subjects(), POLL_MS);
    return Promise.all([this.#subjects(), this.#topics()]);
  }

  stop() {
    clearInterval(this.#poll);
  }

  /** Forget everything: another filter is looked through. */
  clear() {
    this.stop();
    this.#signal = null;
    this.answered = null;
    this.rising.clear();
    this.curves.clear();
    this.topics.clear();
  }

  /** A window, as the stream tells it. */
  trend(trend) {
    this.rising.take(trend);
    this.curves.take(trend);
  }

  /** A topic, as the stream tells it. */
  topic(topic) {
    if (this.topics.take(topic)) this.#change();
  }

  /** The highest `limit` subjects; curves that are not known are asked for. */
  top(limit) {
    const top = this.rising.top(limit);
    const missing = top.filter((trend) => !this.#begun.has(keyOf(trend)) || !this.curves.has(keyOf(trend)));
    if (missing.length && this.#signal && Date.now() >= this.#askAt) this.#curves(missing);
    return top;
  }

  async #subjects() {
    await this.#asked(async (signal) => {
      for (const trend of await api.rising(this.#filter.platform, signal)) if (!signal.aborted) this.trend(trend);
    });
  }

  async #topics() {
    if (!may("topics")) return;
    const answered = await this.#asked(async (signal) => {
      for (const topic of await api.topics(this.#filter, TOPICS, signal)) if (!signal.aborted) this.topics.take(topic);
    });
    if (answered === null) return;
    // An earlier answer is still good.
    this.answered = answered || this.answered === true;
    this.#change();
  }

  async #curves(missing) {
    this.#askAt = Infinity;
    const answered = await this.#asked(async (signal) => {
      const found = await api.curves(missing, this.#filter.platform, this.curves.from, signal);
      if (signal.aborted) return;
      for (const trend of missing) {
        this.curves.begin(keyOf(trend));
        this.#begun.add(keyOf(trend));
      }
      for (const trend of [...found, ...missing]) this.curves.take(trend);
    });
    // Of an earlier question nothing is left to wait for.
    if (answered !== null) this.#askAt = answered ? 0 : Date.now() + AGAIN_MS;
  }

  /** Whether it was answered; null where nobody waits for it any more. */
  async #asked(question) {
    const signal = this.#signal;
    try {
      await question(signal);
      if (signal.aborted) return null;
      this.#change();
      return true;
    } catch {
      // The stream tells of every change; the next refresh asks again.
      return signal.aborted ? null : false;
    }
  }
}
