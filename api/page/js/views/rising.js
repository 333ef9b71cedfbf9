/* Rising subjects: score, mentions against what is usual, velocity, sentiment; a click filters by it. */

import { byId, el, say } from "../dom.js";
import { clock, compact, count, decimal, mentions, signed } from "../format.js";
import { written } from "../model/filter.js";
import { t } from "../words.js";

const ROWS = 6;

export class RisingView {
  #list = byId("rising");
  #note = byId("rising-note");
  #rows = new Map();
  #pick;

  constructor(pick) {
    this.#pick = pick;
  }

  /** Rows are kept by subject and moved, so that a focused one stays focused. */
  show(rising, filter) {
    const top = rising.top(ROWS);
    const kept = new Set();
    top.forEach((trend, index) => {
      const label = written(trend.subject_kind, trend.subject);
      kept.add(label);
      const row = this.#rows.get(label) ?? this.#made(label, trend);
      this.#fill(row, trend, label);
      row.button.setAttribute("aria-pressed", String(filter.kind === trend.subject_kind && filter.subject === trend.subject));
      if (this.#list.children[index] !== row.item) this.#list.insertBefore(row.item, this.#list.children[index] ?? null);
    });
    for (const [label, row] of this.#rows) {
      if (kept.has(label)) continue;
      row.item.remove();
      this.#rows.delete(label);
    }
    this.#list.dataset.empty = top.length ? "" : t("risingNone");
    const newest = Math.max(...top.map((trend) => trend.start));
    say(this.#note, top.length ? t("risingNote", { window: "1h", time: clock(newest) }) : "");
  }

  #made(label, trend) {
    const row = {
      name: el("span", { class: "name" }, label), score: el("span", { class: "score-value" }), meter: el("span", { class: "meter" }),
      mentions: el("span", { class: "many" }), usual: el("span", { class: "usual" }), velocity: el("span", { class: "velocity" }),
      bar: el("span", { class: "mix", "aria-hidden": "true" }, ...["positive", "neutral", "negative"].map((name) => el("span", { class: name }))),
    };
    row.button = el(
      "button", { type: "button", class: "subject", click: () => this.#pick(trend.subject_kind, trend.subject) },
      row.name, el("span", { class: "score", "aria-hidden": "true" }, row.meter), row.score, row.mentions, row.usual, row.velocity, row.bar,
    );
    row.item = el("li", {}, row.button);
    this.#rows.set(label, row);
    return row;
  }

  #fill(row, trend) {
    say(row.score, String(Math.round(trend.display_score)));
    row.score.title = t("score", { score: Math.round(trend.display_score) });
    row.meter.style.transform = `scaleX(${Math.min(1, Math.max(0, trend.display_score / 100))})`;
    say(row.mentions, mentions(trend.mentions, compact));
    say(row.usual, t("usual", { count: decimal(trend.baseline) }));
    say(row.velocity, trend.velocity ? t("perMinuteShort", { change: signed(trend.velocity, 2) }) : "");
    row.velocity.classList.toggle("up", trend.velocity > 0);
    const label = ["positive", "neutral", "negative"].map((name) => `${t(name)} ${count(trend[name])}`).join(", ");
    row.bar.title = label;
    ["positive", "neutral", "negative"].forEach((name, index) => {
      row.bar.children[index].style.flexGrow = trend[name];
    });
  }
}
