/* Rising subjects: score, mentions against what is usual as figures and as a curve, velocity, sentiment; a click filters by it. */

import { Curve } from "../charts/curve.js";
import { Mix } from "../charts/mix.js";
import { byId, el, say } from "../dom.js";
import { clock, compact, count, decimal, mentions, signed } from "../format.js";
import { keyOf } from "../model/curves.js";
import { written } from "../model/filter.js";
import { t } from "../words.js";
import { Kept } from "./kept.js";

const ROWS = 6;

export class RisingView {
  #list = byId("rising");
  #note = byId("rising-note");
  #rows;

  constructor(pick) {
    this.#rows = new Kept(this.#list, ({ trend }) => new RisingRow(trend, pick));
  }

  /** `covered(start)`: was anything collected in the hour that begins then? */
  show(ranking, filter, covered) {
    const top = ranking.top(ROWS);
    const pressed = (trend) => filter.kind === trend.subject_kind && filter.subject === trend.subject;
    const rows = top.map((trend) => ({ trend, points: ranking.curves.series(keyOf(trend), covered), pressed: pressed(trend) }));
    this.#rows.show(rows, ({ trend }) => keyOf(trend));
    this.#list.dataset.empty = top.length ? "" : t("risingNone");
    const newest = Math.max(...top.map((trend) => trend.start));
    say(this.#note, top.length ? t("risingNote", { window: "1h", time: clock(newest) }) : "");
    byId("rising-key").hidden = top.length === 0;
  }
}

class RisingRow {
  #score = el("span", { class: "score-value" });
  #meter = el("span", { class: "meter" });
  #many = el("span", { class: "many" });
  #usual = el("span", { class: "usual" });
  #velocity = el("span", { class: "velocity" });
  #curve = new Curve();
  #mix = new Mix();
  #button;

  constructor(trend, pick) {
    this.#button = el(
      "button", { type: "button", class: "subject", click: () => pick(trend.subject_kind, trend.subject) },
      el("span", { class: "name" }, written(trend.subject_kind, trend.subject)), el("span", { class: "score", "aria-hidden": "true" }, this.#meter),
      this.#score, this.#many, this.#usual, this.#velocity, this.#curve.element, this.#mix.element,
    );
    this.element = el("li", {}, this.#button);
  }

  fill({ trend, points, pressed }) {
    say(this.#score, String(Math.round(trend.display_score)));
    this.#score.title = t("score", { score: Math.round(trend.display_score) });
    this.#meter.style.transform = `scaleX(${Math.min(1, Math.max(0, trend.display_score / 100))})`;
    say(this.#many, mentions(trend.mentions, compact));
    say(this.#usual, t("usual", { count: decimal(trend.baseline) }));
    say(this.#velocity, trend.velocity ? t("perMinuteShort", { change: signed(trend.velocity, 2) }) : "");
    this.#velocity.classList.toggle("up", trend.velocity > 0);
    this.#curve.show(points, t("curve", { peak: count(Math.max(...points.map((point) => point.mentions ?? 0))), usual: decimal(trend.baseline) }));
    this.#mix.show(trend);
    this.#button.setAttribute("aria-pressed", String(pressed));
  }
}
