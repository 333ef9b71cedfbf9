/* The most copied stories of the last day: what they say, how often, and who printed it. */

import { byId, el, safeUrl, say } from "../dom.js";
import { ago, compact, count, whole } from "../format.js";
import { spoken, t } from "../words.js";

const EVERY_MS = 10_000;
const SOURCES = 4;

export class StoryView {
  #list = byId("stories");
  #note = byId("stories-note");
  #shown = null;
  #signature = "";

  /** `stories` is null before the archive has answered. */
  show(stories, now) {
    const signature = `${spoken()} ${Math.floor(now / EVERY_MS)}`;
    if (!stories || (stories === this.#shown && signature === this.#signature)) return;
    this.#shown = stories;
    this.#signature = signature;
    this.#list.replaceChildren(...stories.map((one) => row(one, now)));
    this.#list.dataset.empty = stories.length ? "" : t("storiesNone");
    say(this.#note, stories.length ? t("storiesNote") : "");
  }
}

function row(story, now) {
  const url = safeUrl(story.url);
  const sources = Object.entries(story.sources).sort(([a, many], [b, more]) => more - many || (a < b ? -1 : 1));
  const named = sources.slice(0, SOURCES).map(([name, posts]) => (posts > 1 ? `${name} ×${count(posts)}` : name));
  if (sources.length > SOURCES) named.push(t("notShown", { count: count(sources.length - SOURCES) }));
  return el(
    "li", { class: "story", "data-id": story.id },
    el("strong", { class: "many", title: t("copies", { count: count(story.copies) }) }, `+${compact(story.copies)}`),
    url ? el("a", { class: "says", href: url, rel: "noopener noreferrer", target: "_blank" }, story.excerpt) : el("span", { class: "says" }, story.excerpt),
    el("span", { class: "told" }, el("span", {}, named.join(" · ")), el("span", { title: whole(story.last_seen) }, ago(now - story.last_seen))),
  );
}
