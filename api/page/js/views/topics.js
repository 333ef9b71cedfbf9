/* Topics: what stories speak of, live; opened, its words, hashtags and the stories themselves. */

import * as api from "../api.js";
import { Mix } from "../charts/mix.js";
import { byId, el, say } from "../dom.js";
import { ago, compact, count, decimal, mentions, moment } from "../format.js";
import { largest } from "../model/alerts.js";
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

  /** `pick(kind, subject)` filters by a subject. */
  constructor(pick) {
    this.#rows = new Kept(this.#list, (topic) => new TopicRow(topic, pick), { still: true });
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
  #fold;
  #score = el("span", { class: "score-value" });
  #name = el("span", { class: "name" });
  #many = el("span", {});
  #age = el("span", {});
  #mix = new Mix();
  /** Undefined while they are asked for, null where the archive did not answer. */
  #stories = undefined;

  constructor(topic, pick) {
    this.#pick = pick;
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
    return JSON.stringify([this.#topic.words, this.#topic.hashtags, this.#stories?.length ?? String(this.#stories)]);
  }

  async #ask() {
    try {
      this.#stories = await api.topicStories(this.#topic.id, STORIES);
    } catch {
      this.#stories ??= null;
    }
    this.#fold.refresh(this.#signature());
  }

  #evidence() {
    const topic = this.#topic;
    const words = Object.fromEntries(Object.entries(topic.words).filter(([word]) => !(word in topic.hashtags)));
    return [
      el("p", { class: "note" }, t("topicSince", { first: moment(topic.first_seen), last: moment(topic.last_seen) })),
      counted(t("terms"), largest(words, WORDS)),
      subjects(t("hashtags"), largest(topic.hashtags, HASHTAGS).map(([subject, many]) => ({ kind: "hashtag", subject, count: many })), this.#pick),
      this.#samples(),
    ];
  }

  #samples() {
    if (!this.#stories?.length) return el("p", { class: "note" }, t(this.#stories === undefined ? "loading" : this.#stories ? "samplesNone" : "unanswered"));
    const most = [...this.#stories].sort((a, b) => b.copies - a.copies || b.last_seen - a.last_seen).slice(0, SAMPLES);
    return el("ul", { class: "samples-list", "aria-label": t("stories") }, ...most.map((story) => sample(story, Date.now())));
  }
}
