/* A story in a few lines: what it says, who printed it, and when it was last said. */

import { el } from "../dom.js";
import { ago, count, whole } from "../format.js";
import { t } from "../words.js";
import { arrow } from "./links.js";

const SOURCES = 4;

/** Its sources, those with most posts first. */
export function sourcesOf(story) {
  const sources = Object.entries(story.sources).sort(([a, many], [b, more]) => more - many || (a < b ? -1 : 1));
  const named = sources.slice(0, SOURCES).map(([name, posts]) => (posts > 1 ? `${name} ×${count(posts)}` : name));
  if (sources.length > SOURCES) named.push(t("notShown", { count: count(sources.length - SOURCES) }));
  return named.join(" · ");
}

/** As an item of a list of samples. */
export const sample = (story, now) =>
  el(
    "li", { class: "sample" },
    el("span", { class: "says" }, story.excerpt), arrow(story.url),
    el("span", { class: "told" }, story.copies ? el("span", {}, t("copies", { count: count(story.copies) })) : null, el("span", {}, sourcesOf(story)), el("span", { title: whole(story.last_seen) }, ago(now - story.last_seen))),
  );
