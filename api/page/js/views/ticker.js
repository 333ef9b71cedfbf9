/* The ticker: mentions as they come, newest first; it can be paused and holds still while somebody reads further down. */

import { byId, el, say } from "../dom.js";
import { count, moment, percent, seconds, whole } from "../format.js";
import { written } from "../model/filter.js";
import { t } from "../words.js";
import { arrow } from "./links.js";

const ROWS = 80;
const WAITING = 200;
const AT_ONCE = 12;
const EVERY_MS = 400;
const TAGS = 6;
const DAY = 86_400_000;
/* More than so many at once are not lit up: the list would only flicker. */
const LIT = 3;

export class Ticker {
  #list = byId("ticker");
  #note = byId("ticker-note");
  #button = byId("ticker-pause");
  #title = byId("ticker-title");
  #waiting = [];
  #skipped = 0;
  #paused = false;
  #pinned = null;
  #shown = [];
  #pick;
  #filtered = () => false;

  /** `pick(kind, subject)` filters by a subject; `filtered()` says whether a filter is set. */
  constructor(pick, filtered) {
    this.#pick = pick;
    this.#filtered = filtered;
    this.#button.addEventListener("click", () => this.#toggle());
    setInterval(() => this.#flush(), EVERY_MS);
    this.words();
  }

  /** One that has just come. */
  add(mention) {
    this.#waiting.push(mention);
    if (this.#waiting.length > WAITING) {
      this.#waiting.shift();
      this.#skipped += 1;
    }
  }

  /** What the archive has, put where its time belongs; an empty list empties the ticker. */
  fill(mentions) {
    if (!mentions.length) {
      this.#waiting = [];
      this.#shown = [];
      this.#skipped = 0;
    }
    this.#shown = [...this.#shown, ...mentions].sort((a, b) => b.event_at - a.event_at).slice(0, ROWS);
    this.words();
  }

  /** Show just these under a label, until `Back to live`; what comes meanwhile waits. */
  pin(mentions, label) {
    this.#pinned = { mentions, label };
    this.words();
    this.#list.scrollTop = 0;
    this.#list.parentElement.scrollIntoView({ block: "nearest" });
    this.#list.focus({ preventScroll: true });
  }

  /** Say everything again, in another language. */
  words() {
    this.#list.replaceChildren(...(this.#pinned?.mentions ?? this.#shown).map((mention) => this.#row(mention, false)));
    this.#tell();
  }

  #toggle() {
    if (this.#pinned) {
      this.#pinned = null;
      this.#paused = false;
      this.words();
    } else this.#paused = !this.#paused;
    if (!this.#paused) this.#list.scrollTop = 0;
    this.#flush();
    this.#tell();
  }

  #holding() {
    return this.#pinned !== null || this.#paused || this.#list.scrollTop > 24;
  }

  #flush() {
    if (this.#waiting.length && !this.#holding()) {
      const left = this.#waiting.splice(0);
      this.#skipped += Math.max(0, left.length - AT_ONCE);
      const fresh = left.slice(-AT_ONCE).reverse();
      this.#shown.unshift(...fresh);
      const calm = fresh.length > LIT;
      this.#list.prepend(...fresh.map((mention) => this.#row(mention, !calm)));
      this.#shown.length = Math.min(this.#shown.length, ROWS);
      while (this.#list.childElementCount > ROWS) this.#list.lastElementChild.remove();
    }
    this.#tell();
  }

  #tell() {
    say(this.#button, t(this.#pinned ? "backToLive" : this.#paused ? "resume" : "pause"));
    this.#button.setAttribute("aria-pressed", String(this.#paused && !this.#pinned));
    say(this.#title, this.#pinned ? t("samplesOf", { label: this.#pinned.label }) : t("mentions"));
    const waits = this.#holding() && this.#waiting.length ? t("waiting", { count: count(this.#waiting.length) }) : "";
    const passed = this.#skipped ? t("skipped", { count: count(this.#skipped) }) : "";
    say(this.#note, [waits, passed].filter(Boolean).join(" · "));
    const none = this.#pinned ? (this.#pinned.mentions.length ? "" : t("samplesNone")) : null;
    const empty = none !== null ? none : this.#shown.length ? "" : t(this.#filtered() ? "mentionsNoneFilter" : "mentionsNone");
    if (this.#list.dataset.empty !== empty) this.#list.dataset.empty = empty;
  }

  #row(mention, fresh) {
    const name = mention.author_handle ? `@${mention.author_handle}` : mention.author_name;
    const head = el(
      "div", { class: "row-head" },
      el("time", { datetime: new Date(mention.event_at).toISOString(), title: whole(mention.event_at) }, when(mention.event_at)),
      el("span", { class: "where" }, mention.source && mention.source !== mention.platform ? `${mention.platform} · ${mention.source}` : mention.platform),
      name ? el("span", { class: "who" }, name) : null,
      arrow(mention.url),
    );
    const mood = el(
      "span", { class: `mood ${mention.sentiment}`, title: t("confidence", { share: percent(mention.confidence) }) },
      t(mention.sentiment), mention.emotion === "neutral" ? null : ` · ${t(mention.emotion)}`,
    );
    return el(
      "li", { class: `row ${mention.sentiment}${fresh ? " fresh" : ""}`, "data-id": mention.id },
      head,
      ...words(mention),
      el("div", { class: "tags" }, mood, ...this.#tags(mention)),
    );
  }

  #tags(mention) {
    const subjects = [
      ...mention.keywords.map((subject) => ["keyword", subject]),
      ...mention.symbols.map((subject) => ["symbol", subject]),
      ...mention.hashtags.map((subject) => ["hashtag", subject]),
    ];
    return subjects.slice(0, TAGS).map(([kind, subject]) => {
      const label = written(kind, subject);
      return el("button", { type: "button", class: "tag", "aria-label": t("filterBy", { subject: label }), click: () => this.#pick(kind, subject) }, label);
    });
  }
}

/** To the second; what is older than a day with its date. */
const when = (at) => (at > Date.now() - DAY ? seconds(at) : moment(at));

/** Title and text; a text that begins with its title, as many feeds give it, says it once. */
function words({ title, text }) {
  const rest = title && text.startsWith(title) ? text.slice(title.length).trim() : text;
  return [title ? el("p", { class: "title" }, title) : null, rest ? el("p", { class: "text" }, rest) : null];
}
