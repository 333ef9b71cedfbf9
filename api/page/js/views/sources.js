/* Sources and their state: what was collected last, and when; what needs a look stands first. */

import { byId, el, say } from "../dom.js";
import { ago, count, whole } from "../format.js";
import { name, sorted, tally } from "../model/sources.js";
import { spoken, t } from "../words.js";
import { Pace } from "./pace.js";

const ROWS = 48;
const EVERY_MS = 10_000;
const MARKS = { ok: "●", quiet: "○", late: "▲", throttled: "▼", broken: "■" };

export class SourceView {
  #list = byId("sources");
  #note = byId("sources-note");
  #pace = new Pace(EVERY_MS);

  /** `sources` is null before the archive has answered. */
  show(sources, now) {
    if (!this.#pace.due(now, sources, spoken())) return;
    if (!sources) {
      this.#list.dataset.empty = t("loading");
      return;
    }
    const shown = sorted(sources).slice(0, ROWS);
    this.#list.replaceChildren(...shown.map((one) => row(one, now)));
    this.#list.dataset.empty = shown.length ? "" : t("sourcesNone");
    const parts = tally(sources).map(([state, many]) => `${MARKS[state]} ${count(many)} ${t(`state_${state}`)}`);
    if (sources.length > ROWS) parts.push(t("notShown", { count: count(sources.length - ROWS) }));
    say(this.#note, parts.join(" · "));
  }
}

function row(one, now) {
  const problem = one.last_error ?? (one.state === "ok" ? null : t(`why_${one.state}`));
  return el(
    "li", { class: `source is-${one.state}`, "data-state": one.state },
    el("span", { class: "state" }, el("span", { class: "mark", "aria-hidden": "true" }, MARKS[one.state]), t(`state_${one.state}`)),
    el("span", { class: "name", title: name(one) }, name(one)),
    el("span", { class: "clocks" }, ...[["lastRun", one.last_run_at], ["newestItem", one.newest_item_at], ["enriched", one.newest_enriched_at]].filter(([, at]) => at).map(([key, at]) => el("span", { title: whole(at) }, `${t(key)} ${ago(now - at)}`))),
    problem ? el("span", { class: "why", title: problem }, problem) : null,
  );
}
