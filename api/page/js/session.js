/* One view of the stream: a filter and a period; the archive's figures with the stream on top. */

import { amount } from "./model/history.js";
import { counts, matches, streamQuery } from "./model/filter.js";
import { Minutes } from "./model/minutes.js";
import { AlertLog, alertMatches } from "./model/alerts.js";
import { Arrivals, RecentIds, RecentShares } from "./model/recent.js";
import { may } from "./may.js";
import { Ranking } from "./ranking.js";
import { snapshot, windows } from "./snapshot.js";
import { Stream, TOPICS } from "./stream.js";

const REFRESH_MS = 300_000;
const RETRY_MS = 4000;
const ROLL_MS = 30_000;
const GAP_MS = 5000;
const COUNTED_IDS = 50_000;
const SHOWN_IDS = 2000;
const EMOTIONS = 500;

export class Session {
  filter;
  period;
  history = null;
  day = null;
  stats = null;
  minutes = new Minutes();
  alerts = new AlertLog();
  emotions = new RecentShares(EMOTIONS);
  arrivals = new Arrivals(60);
  received = 0;
  outside = 0;
  reconnects = 0;
  gaps = 0;
  state = "connecting";
  position = null;
  heardAt = 0;
  newestAt = 0;
  startedAt = Date.now();
  archive = true;
  ranking;
  #stream = null;
  #next = null;
  #asking = null;
  #countedIds = new RecentIds(COUNTED_IDS);
  #shownIds = new RecentIds(SHOWN_IDS);
  #take = {
    mentions: (data) => this.#mention(data), trends: (data) => this.#trend(data), alerts: (data) => this.#alert(data),
    topics: (data) => this.ranking.topic(data),
  };
  #timer = 0;
  #refreshedAt = 0;
  #dueAt = Infinity;
  #listedFrom = Infinity;
  #on;

  /** `on` has change(), mention(mention), fill(mentions), gap(data). */
  constructor(filter, period, on) {
    this.filter = filter;
    this.period = period;
    this.#on = on;
    this.ranking = new Ranking(on.change);
  }

  /** Begin, or begin anew with another filter or period. */
  look(filter, period) {
    const sameMentions = JSON.stringify(filter) === JSON.stringify(this.filter) && this.history !== null;
    this.filter = filter;
    this.period = period;
    if (!sameMentions) this.#forget();
    return this.refresh();
  }

  /** Read the archive again and let the stream go on from there; the running one is heard until the new one is open. */
  async refresh() {
    this.#asking?.abort();
    const asking = (this.#asking = new AbortController());
    this.#next?.close();
    this.#next = null;
    this.#refreshedAt = Date.now();
    this.#due(Date.now() + REFRESH_MS);
    let found = null;
    try {
      found = await snapshot(this.filter, this.period, asking.signal, (first) => this.#early(first));
    } catch {
      if (asking.signal.aborted) return;
      this.#due(Date.now() + RETRY_MS);
    }
    if (asking.signal.aborted) return;
    this.archive = found !== null;
    if (found || !this.#stream) this.#open(found, asking.signal);
    this.#on.change();
  }

  /** Hand the connection back while nobody looks; `wake` goes on with the archive's figures. */
  rest() {
    this.#asking?.abort();
    clearTimeout(this.#timer);
    this.ranking.stop();
    for (const stream of [this.#stream, this.#next]) stream?.close();
    this.#stream = this.#next = null;
    this.state = "resting";
    this.#on.change();
  }

  wake() {
    this.state = "connecting";
    return this.refresh();
  }

  /** Whether a minute without mentions is known to have had none: the page listened, or the archive tells of it. */
  listened(start) {
    if (start >= this.startedAt) return this.state === "live" || start <= this.heardAt;
    if (!this.day?.covered(start)) return false;
    return start >= this.#listedFrom || start <= this.minutes.toldTo;
  }

  /** Mentions of the period that the filter shows, or null before the archive has answered. */
  total() {
    return this.history && amount(this.history.totals(), this.filter.sentiment);
  }

  #forget() {
    for (const stream of [this.#stream, this.#next]) stream?.close();
    this.#stream = this.#next = null;
    this.history = this.day = this.stats = null;
    this.minutes = new Minutes();
    this.ranking.clear();
    this.alerts.clear();
    this.emotions.clear();
    this.#shownIds.clear();
    this.received = this.outside = 0;
    this.newestAt = 0;
    this.#listedFrom = Infinity;
    this.startedAt = Date.now();
    this.state = "connecting";
    this.#on.fill([]);
    this.#on.change();
  }

  #open(found, signal) {
    let current = false;
    const first = this.#stream === null;
    const stream = new Stream(streamQuery(this.filter, this.period, TOPICS.filter(may)), found?.position ?? null, {
      open: (data) => {
        if (!current) this.#swap(stream, found, signal);
        else this.reconnects += 1;
        current = true;
        if (data.gap) this.gaps += 1;
        this.#on.change();
      },
      event: (topic, data) => this.#take[topic](data),
      gap: (data) => this.#gap(data),
      state: (state) => {
        if (!current && !first) return;
        this.state = state;
        this.#on.change();
      },
      beat: (position) => {
        if (!current) return;
        this.position = position;
        this.heardAt = Date.now();
      },
    });
    this.#next = stream;
    stream.start();
  }

  /** While much is heard it takes seconds until figures and a position fit together: show something until then, where nothing is shown. */
  #early(first) {
    if (this.history) return;
    this.history = first.history;
    this.day = first.day;
    this.stats = first.stats;
    this.#list(first.mentions);
    this.#on.change();
  }

  /** List what is not listed yet; those that the filter lets through. */
  #list(mentions) {
    const fresh = mentions.filter((mention) => matches(this.filter, mention));
    const unseen = fresh.filter((mention) => this.#shownIds.add(mention.id));
    for (const mention of unseen) this.#note(mention);
    if (unseen.length) this.#on.fill(unseen);
    return fresh;
  }

  /** From here on the new stream counts, on top of its own snapshot. */
  #swap(stream, found, signal) {
    this.#stream?.close();
    this.#stream = stream;
    this.#next = null;
    this.state = "live";
    this.heardAt = Date.now();
    this.#countedIds.clear();
    this.minutes.settle();
    if (found) {
      this.history = found.history;
      this.day = found.day;
      this.stats = found.stats;
      this.#listedFrom = found.listedFrom;
      for (const alert of found.alerts) this.alerts.take(alert);
      for (const mention of this.#list(found.mentions)) this.minutes.add(mention);
    }
    this.ranking.begin(this.filter, signal);
    this.#windows(signal);
  }

  async #windows(signal) {
    try {
      const from = this.history?.from ?? Date.now() - 86_400_000;
      const found = await windows(this.filter, this.period, from, signal);
      if (signal.aborted) return;
      for (const trend of found) this.#count(trend);
      this.#on.change();
    } catch {
      // The stream tells of every window that changes; the next refresh asks again.
    }
  }

  #mention(mention) {
    if (!matches(this.filter, mention) || !this.#countedIds.add(mention.id)) return;
    this.minutes.add(mention);
    const inside = this.history?.add(mention) ?? true;
    if (this.#shownIds.add(mention.id)) {
      this.received += 1;
      if (!inside) this.outside += 1;
      this.arrivals.add();
      this.#note(mention);
      this.#on.mention(mention);
    }
    // The hour is over: the period has moved on.
    if (this.history && mention.event_at >= this.history.to && mention.event_at <= Date.now()) this.#within(ROLL_MS);
    this.#on.change();
  }

  #note(mention) {
    this.emotions.add(mention.emotion);
    this.newestAt = Math.max(this.newestAt, mention.event_at);
  }

  #trend(trend) {
    this.ranking.trend(trend);
    this.#count(trend);
  }

  /** Take in a window where it counts what the filter shows. */
  #count(trend) {
    if (!counts(this.filter, trend)) return;
    if (trend.window === "1m") this.minutes.tell(trend);
    this.history?.tell(trend);
    this.#on.change();
  }

  #alert(alert) {
    if (alertMatches(this.filter, alert) && this.alerts.take(alert)) this.#on.change();
  }

  /** The archive has what the stream could not give. */
  #gap(data) {
    this.#on.gap(data);
    this.#within(GAP_MS);
  }

  /** Refresh now, but not sooner than so long after the last time. */
  #within(pause) {
    const at = Math.max(Date.now(), this.#refreshedAt + pause);
    if (at < this.#dueAt) this.#due(at);
  }

  #due(at) {
    clearTimeout(this.#timer);
    this.#dueAt = at;
    this.#timer = setTimeout(() => this.refresh(), at - Date.now());
  }
}
