/* Topics: what stories speak of, live; opened, its hours, words, hashtags and the stories themselves. */

import * as api from "../api.js";
import { Curve } from "../charts/curve.js";
import { Mix } from "../charts/mix.js";
import { byId, el, say } from "../dom.js";
import { ago, compact, count, decimal, mentions, moment } from "../format.js";
import { largest } from "../model/alerts.js";
import { Curves, keyOf } from "../model/curves.js";
import { rises } from "../model/topics.js";
import { spoken, t } from "../words.js";
import { counted, subjects } from "./chips.js";
import { Fold } from "./fold.js";
import { Kept } from "./kept.js";
import { Pace } from "./pace.js";
import { sample } from "./storylines.js";

/* Much is told of many topics: no eye follows more than this. */
const EVERY_MS = 1000;
const ROWS = 10;
const WORDS = 10;
const HASHTAGS = 6;
const STORIES = 100;
const SAMPLES = 5;

export class TopicView {
  #list = byId("topics");
  #note = byId("topics-note");
  #pace = new Pace(EVERY_MS);
  #rows;
  #filter = null;

  /** `pick(kind, subject)` filters by a subject; `covered(start)`: was anything collected in the hour that begins then? */
  constructor(pick, covered) {
    this.#rows = new Kept(this.#list, (topic) => new TopicRow(topic, pick, covered), { still: true });
  }

  show(ranking, filter, now) {
    if (!this.#pace.due(now, filter, ranking.answered, spoken())) return;
    if (filter !== this.#filter) this.#rows.clear();
    this.#filter = filter;
    const shown = ranking.topics.top(ROWS, filter);
    this.#rows.show(shown);
    this.#list.dataset.empty = shown.length ? "" : t(ranking.answered === null ? "loading" : ranking.answered ? "topicsNone" : "unanswered");
    say(this.#note, filter.platform || filter.sentiment ? t("topicsWhole") : t("topicsNote"));
  }

  /** Say everything again, in another language. */
  words(ranking, filter) {
    this.#rows.again(ranking.topics.top(ROWS, filter));
  }
}

class TopicRow {
  #topic;
  #pick;
  #covered;
  #fold;
  #score = el("span", { class: "score-value" });
  #name = el("span", { class: "name" });
  #many = el("span", {});
  #age = el("span", {});
  #mix = new Mix();
  /** Undefined while they are asked for, null where the archive did not answer. */
  #stories = undefined;
  #curves = new Curves();
  /** How many hours of it are known; 0 while they are asked for, and where nobody answered. */
  #hours = 0;

  constructor(topic, pick, covered) {
    this.#pick = pick;
    this.#covered = covered;
    this.#topic = topic;
    const summary = [this.#name, this.#score, el("span", { class: "told" }, this.#many, this.#age), this.#mix.element];
    this.#fold = new Fold(topic.id, "topic", summary, () => this.#evidence(), () => this.#ask());
    this.element = this.#fold.element;
  }

  fill(topic) {
    this.#topic = topic;
    const now = Date.now();
    say(this.#name, topic.label || t("unnamed"));
    const score = rises(topic, now);
    say(this.#score, score >= 0.1 ? `↑ ${decimal(score)}` : "");
    this.#score.title = t("topicScore");
    say(this.#many, `${t("storiesCount", { count: count(topic.stories) })} · ${mentions(topic.mentions, compact)}`);
    say(this.#age, ago(now - topic.last_seen));
    this.#mix.show(topic);
    if (this.#fold.open) this.#fold.refresh(this.#signature());
  }

  /** Its figures stand in the row; what opens is made anew with its words only. */
  #signature() {
    return JSON.stringify([this.#topic.words, this.#topic.hashtags, this.#stories?.length ?? String(this.#stories), this.#hours]);
  }

  get #subject() {
    return { subject_kind: "topic", subject: this.#topic.id };
  }

  async #ask() {
    const asked = [api.topicStories(this.#topic.id, STORIES), api.curves([this.#subject], null, this.#curves.from)];
    const [stories, hours] = await Promise.allSettled(asked);
    if (stories.status === "fulfilled") this.#stories = stories.value;
    else this.#stories ??= null;
    if (hours.status === "fulfilled") {
      this.#curves.begin(keyOf(this.#subject));
      for (const trend of hours.value) this.#curves.take(trend);
      this.#hours = hours.value.length;
    }
    this.#fold.refresh(this.#signature());
  }

  #evidence() {
    const topic = this.#topic;
    const words = Object.fromEntries(Object.entries(topic.words).filter(([word]) => !(word in topic.hashtags)));
    return [
      el("p", { class: "note" }, t("topicSince", { first: moment(topic.first_seen), last: moment(topic.last_seen) })),
      ...this.#hourly(),
      counted(t("terms"), largest(words, WORDS)),
      subjects(t("hashtags"), largest(topic.hashtags, HASHTAGS).map(([subject, many]) => ({ kind: "hashtag", subject, count: many })), this.#pick),
      this.#samples(),
    ];
  }

  /** Its mentions of each hour beside those that were to be expected, and what the lines are. */
  #hourly() {
    if (!this.#hours) return [];
    const points = this.#curves.series(keyOf(this.#subject), this.#covered);
    const usual = points.findLast((point) => point.usual !== null)?.usual ?? 0;
    const curve = new Curve();
    curve.show(points, t("curve", { peak: count(Math.max(...points.map((point) => point.mentions ?? 0))), usual: decimal(usual) }));
    const key = el("p", { class: "note curve-key" }, el("span", { class: "key-line" }, t("curveKey")), el("span", { class: "key-usual" }, t("usualKey")));
    return [curve.element, key];
  }

  #samples() {
    if (!this.#stories?.length) return el("p", { class: "note" }, t(this.#stories === undefined ? "loading" : this.#stories ? "samplesNone" : "unanswered"));
    const most = [...this.#stories].sort((a, b) => b.copies - a.copies || b.last_seen - a.last_seen).slice(0, SAMPLES);
    return el("ul", { class: "samples-list", "aria-label": t("stories") }, ...most.map((story) => sample(story, Date.now())));
  }
}
