/* The most copied stories of the last day: what they say, how often, and who printed it; opened, the copies themselves. */

import * as api from "../api.js";
import { byId, el, say } from "../dom.js";
import { ago, compact, count, moment, percent, whole } from "../format.js";
import { spoken, t } from "../words.js";
import { Fold } from "./fold.js";
import { Kept } from "./kept.js";
import { arrow } from "./links.js";
import { Pace } from "./pace.js";
import { sourcesOf } from "./storylines.js";

const EVERY_MS = 10_000;
const COPIES = 12;

export class StoryView {
  #list = byId("stories");
  #note = byId("stories-note");
  #pace = new Pace(EVERY_MS);
  #rows;

  /** `samples(ids, label)` shows posts. */
  constructor(samples) {
    this.#rows = new Kept(this.#list, (story) => new StoryRow(story, samples), { still: true });
  }

  /** `stories` is null before the archive has answered. */
  show(stories, now) {
    if (!this.#pace.due(now, stories, spoken())) return;
    if (stories) this.#rows.show(stories);
    else this.#rows.clear();
    this.#list.dataset.empty = stories?.length ? "" : t(stories ? "storiesNone" : "loading");
    say(this.#note, stories?.length ? t("storiesNote") : "");
  }

  /** Say everything again, in another language. */
  words(stories) {
    this.#rows.again(stories ?? []);
  }
}

class StoryRow {
  #story;
  #samples;
  #fold;
  #many = el("strong", { class: "many" });
  #says = el("span", { class: "says" });
  #sources = el("span", {});
  #age = el("span", {});
  /** Undefined while they are asked for, null where the archive did not answer. */
  #posts = undefined;

  constructor(story, samples) {
    this.#samples = samples;
    this.#story = story;
    const summary = [this.#many, this.#says, el("span", { class: "told" }, this.#sources, this.#age)];
    this.#fold = new Fold(story.id, "story", summary, () => this.#evidence(), () => this.#ask());
    this.element = this.#fold.element;
    this.element.append(arrow(story.url) ?? "");
  }

  fill(story) {
    this.#story = story;
    say(this.#many, `+${compact(story.copies)}`);
    this.#many.title = t("copies", { count: count(story.copies) });
    say(this.#says, story.excerpt);
    say(this.#sources, sourcesOf(story));
    say(this.#age, ago(Date.now() - story.last_seen));
    this.#age.title = whole(story.last_seen);
    this.#fold.refresh(this.#signature());
  }

  #signature() {
    return `${this.#story.copies} ${this.#posts?.length ?? String(this.#posts)}`;
  }

  async #ask() {
    try {
      this.#posts = await api.storyPosts(this.#story.id, COPIES);
    } catch {
      this.#posts ??= null;
    }
    this.#fold.refresh(this.#signature());
  }

  #evidence() {
    const posts = this.#posts;
    if (!posts?.length) return [el("p", { class: "note" }, t(posts === undefined ? "loading" : posts ? "samplesNone" : "unanswered"))];
    const more = this.#story.copies + 1 - posts.length;
    return [
      el("p", { class: "note" }, t("topicSince", { first: moment(this.#story.first_seen), last: moment(this.#story.last_seen) })),
      el("ul", { class: "samples-list", "aria-label": t("copiesOf") }, ...posts.map(copy)),
      more > 0 ? el("p", { class: "note" }, t("notShown", { count: count(more) })) : null,
      el("p", { class: "acts" }, el("button", { type: "button", class: "quiet samples", click: () => this.#samples(posts.map((post) => post.post_id), this.#story.excerpt.slice(0, 60)) }, t("samples", { count: count(posts.length) }))),
    ];
  }
}

/** One post of a story: when, where, by whom, and how much of it is the same. */
function copy(post) {
  const author = post.author?.slice(post.author.indexOf(":") + 1) ?? null;
  return el(
    "li", { class: "copy" },
    el("time", { datetime: new Date(post.event_at).toISOString(), title: whole(post.event_at) }, moment(post.event_at)),
    el("span", { class: "where" }, [post.source === post.platform ? post.platform : `${post.platform}/${post.source}`, author].filter(Boolean).join(" · ")),
    el("span", { class: "alike" }, post.is_copy ? t("alike", { share: percent(post.similarity) }) : t("firstPost")),
    arrow(post.url),
  );
}
