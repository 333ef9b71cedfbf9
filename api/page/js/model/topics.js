/* Topics: of each its latest revision; those that rise most first. */

import { topicWords } from "./filter.js";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const LIMIT = 400;
/* One story is no topic yet. */
const STORIES = 2;

export class TopicLog {
  #topics = new Map();
  #clock;

  constructor(clock = Date.now) {
    this.#clock = clock;
  }

  /** Take in a revision; false where that or a later one is known. */
  take(topic) {
    const known = this.#topics.get(topic.id);
    if (known && known.revision >= topic.revision) return false;
    // One that went into another is remembered too: an earlier revision of it may still come from the archive.
    this.#topics.set(topic.id, topic);
    if (this.#topics.size > LIMIT) this.#shrink();
    return true;
  }

  clear() {
    this.#topics.clear();
  }

  /** The highest `limit` of the last day that the filter lets through. */
  top(limit, filter) {
    const now = this.#clock();
    return [...this.#topics.values()]
      .filter((topic) => !topic.merged_into && topic.stories >= STORIES && topic.last_seen >= now - DAY && topicMatches(filter, topic))
      .sort((a, b) => rises(b, now) - rises(a, now) || b.mentions - a.mentions || (a.id < b.id ? -1 : 1))
      .slice(0, limit);
  }

  get size() {
    return this.#topics.size;
  }

  /** Too many to remember: those that were last spoken of the longest ago go. */
  #shrink() {
    const oldest = [...this.#topics.values()].sort((a, b) => a.last_seen - b.last_seen).slice(0, LIMIT / 10);
    for (const topic of oldest) this.#topics.delete(topic.id);
  }
}

/** How much it rises now. Its score is of the hour it was last spoken of, or the one before, and says nothing of later ones. */
export function rises(topic, now) {
  return topic.last_seen >= now - (now % HOUR) - HOUR ? Math.max(0, topic.trending_score) : 0;
}

/** Whether a topic is about the filter's subject. Topics are of all platforms and moods. */
export function topicMatches(filter, topic) {
  if (filter.kind === "hashtag") return filter.subject in topic.hashtags;
  const words = topicWords(filter);
  return !words || [topic.label, ...topic.terms].some((text) => text.toLowerCase().includes(words));
}
