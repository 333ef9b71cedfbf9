/* What stands beside the stream and is asked for now and then: the sources, the stories, the influencers, and prices where the subject is a symbol. */

import * as api from "./api.js";
import { may } from "./may.js";
import { Prices } from "./model/prices.js";

const EVERY_MS = 30_000;
const DAY = 86_400_000;
const STORIES = 12;
const AUTHORS = 12;
/* Profiles change slowly, and the question for them is a large one. */
const AUTHORS_EVERY_MS = 120_000;

export class Beside {
  sources = null;
  /** The most copied stories of what is looked at; null while unknown. */
  stories = null;
  /** The authors with the highest score, or those with signals against them; null while unknown. */
  influencers = null;
  flagged = false;
  #authorsAt = 0;
  #filter = null;
  #telling = new AbortController();
  /** Of the symbol looked at: {symbol, prices, quote, days}; null while unknown or where there is no symbol. */
  market = null;
  #wanted = { symbol: null, from: 0, hours: true };
  #asking = new AbortController();
  #timer = 0;
  #change;

  /** `change()` is called when something new is known. */
  constructor(change) {
    this.#change = change;
    this.#again();
  }

  /** Look at a filter's symbol over the period that begins at `from`, in bins of hours or of days. */
  look(filter, from, hours) {
    const symbol = filter.kind === "symbol" ? filter.subject : null;
    if (symbol === this.#wanted.symbol && from === this.#wanted.from && hours === this.#wanted.hours) return;
    if (symbol !== this.#wanted.symbol) this.market = null;
    this.#wanted = { symbol, from, hours };
    this.#asking.abort();
    this.#asking = new AbortController();
    if (symbol) this.#market(this.#asking.signal);
  }

  /** Look for stories that the filter lets through. */
  lookFor(filter) {
    const same = ["kind", "subject", "platform"].every((name) => filter[name] === this.#filter?.[name]);
    if (same) return;
    this.#filter = filter;
    this.stories = this.influencers = null;
    this.#telling.abort();
    this.#telling = new AbortController();
    this.#stories(this.#telling.signal);
    this.authors();
  }

  /** Look at all authors, or at those alone that have signals of spam or coordination. */
  lookAt(flagged) {
    this.flagged = flagged;
    this.influencers = null;
    this.#change();
    return this.authors();
  }

  /** Ask for the authors now. */
  async authors() {
    const [signal, flagged] = [this.#telling.signal, this.flagged];
    if (!this.#filter || !may("influencers")) return;
    this.#authorsAt = Date.now();
    try {
      const found = await api.influencers(this.#filter, flagged, AUTHORS, signal);
      if (signal.aborted || flagged !== this.flagged) return;
      this.influencers = found;
      this.#change();
    } catch {
      // Asked again with the others.
      this.#authorsAt = 0;
    }
  }

  async #again() {
    clearTimeout(this.#timer);
    if (!document.hidden) await Promise.all([this.#sources(), this.#stories(this.#telling.signal), this.#market(this.#asking.signal)]);
    if (!document.hidden && Date.now() - this.#authorsAt >= AUTHORS_EVERY_MS) await this.authors();
    this.#timer = setTimeout(() => this.#again(), EVERY_MS);
  }

  async #sources() {
    try {
      this.sources = await api.sources();
      this.#change();
    } catch {
      // The archive's silence is told elsewhere; asked again in a moment.
    }
  }

  async #stories(signal) {
    if (!this.#filter) return;
    try {
      const found = await api.stories(this.#filter, STORIES, signal);
      if (signal.aborted) return;
      this.stories = found;
      this.#change();
    } catch {
      // Asked again in a moment.
    }
  }

  async #market(signal) {
    const { symbol, from, hours } = this.#wanted;
    if (!symbol) return;
    const to = Date.now();
    try {
      const [minutes, days, quote] = await Promise.all([
        hours ? api.bars(symbol, "1m", from, to, signal) : [],
        api.bars(symbol, "1d", from - 2 * DAY, to, signal),
        api.quote(symbol, signal),
      ]);
      if (signal.aborted) return;
      this.market = { symbol, prices: new Prices(minutes, days), quote };
      this.#change();
    } catch {
      // Asked again in a moment.
    }
  }
}
