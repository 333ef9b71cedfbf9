/* The filter bar: what is typed and chosen becomes a filter. */

import { byId, el } from "../dom.js";
import { parsed, SENTIMENTS, written } from "../model/filter.js";
import { t } from "../words.js";
import { Choice } from "./choice.js";

const SUGGESTED = 60;
/* What may be chosen before anything of it was heard. */
const PLATFORMS = ["news", "x", "facebook", "instagram", "youtube", "reddit", "kaskus", "stocktwits"];

export class FilterBar {
  #subject = byId("filter-subject");
  #platform = byId("filter-platform");
  #clear = byId("filter-clear");
  #sentiment;
  #platforms = new Set(PLATFORMS);
  #filter;
  #change;

  /** `change(filter)` is called with every new filter. */
  constructor(filter, change) {
    this.#filter = filter;
    this.#change = change;
    this.#sentiment = new Choice(byId("filter-sentiment"), "sentiment", (sentiment) => this.#set({ sentiment }));
    byId("filters").addEventListener("submit", (event) => event.preventDefault());
    // `change` comes with Enter, on leaving the field, and when a suggestion is taken.
    this.#subject.addEventListener("change", () => this.#set(parsed(this.#subject.value)));
    this.#platform.addEventListener("change", () => this.#set({ platform: this.#platform.value || null }));
    this.#clear.addEventListener("click", () => {
      this.#set({ kind: null, subject: null, platform: null, sentiment: null });
      this.#subject.focus();
    });
  }

  /** Show a filter, in the language that is spoken. */
  show(filter) {
    this.#filter = filter;
    this.#subject.value = written(filter.kind, filter.subject);
    if (filter.platform) this.#platforms.add(filter.platform);
    this.#options();
    this.#sentiment.show(
      [{ value: null, label: t("any") }, ...SENTIMENTS.map((name) => ({ value: name, label: t(name), kind: name }))],
      filter.sentiment,
    );
    this.#clear.hidden = !(filter.kind || filter.platform || filter.sentiment);
  }

  /** Offer what the archive and the ranking know. */
  suggest(stats, rising) {
    for (const { platform } of stats?.platforms ?? []) this.#platforms.add(platform);
    this.#options();
    const known = [
      ...rising.map((trend) => written(trend.subject_kind, trend.subject)),
      ...(stats?.keywords ?? []).map((one) => one.keyword),
    ];
    const labels = [...new Set(known)].slice(0, SUGGESTED);
    const list = byId("subjects");
    if (list.dataset.signature === labels.join("\n")) return;
    list.dataset.signature = labels.join("\n");
    list.replaceChildren(...labels.map((value) => el("option", { value })));
  }

  #options() {
    const signature = `${t("anyPlatform")}\n${[...this.#platforms].join("\n")}`;
    if (this.#platform.dataset.signature !== signature) {
      this.#platform.dataset.signature = signature;
      const options = [...this.#platforms].map((name) => el("option", { value: name }, name));
      this.#platform.replaceChildren(el("option", { value: "" }, t("anyPlatform")), ...options);
    }
    this.#platform.value = this.#filter.platform ?? "";
  }

  #set(part) {
    const filter = { ...this.#filter, ...part };
    if (JSON.stringify(filter) !== JSON.stringify(this.#filter)) this.#change(filter);
  }
}
