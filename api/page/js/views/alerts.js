/* Alerts with their evidence: what was observed against what was expected, words, sources, and the posts themselves. */

import { byId, el, say } from "../dom.js";
import { clock, count, day, decimal, duration, percent, price, signedPercent2, whole } from "../format.js";
import { largest, lengths, SEVERITIES, subjectOf, unitOf } from "../model/alerts.js";
import { written } from "../model/filter.js";
import { spoken, t } from "../words.js";

const DAY = 86_400_000;
const ROWS = 30;
const WORDS = 8;
const LABEL = 3;
/* A shape of its own for each severity: colour alone would not tell everybody. */
const MARKS = { critical: "◆", warning: "▲", info: "●" };
const NAMEABLE = ["keyword", "symbol", "hashtag"];

const FIGURES = {
  mentions: (value) => decimal(value),
  share: (value) => percent(value),
  price: (value) => price(value),
  silence: (value) => duration(value * 1000, 3),
  number: (value) => decimal(value),
};

export class AlertView {
  #list = byId("alerts");
  #note = byId("alerts-note");
  #rows = new Map();
  #pick;
  #samples;

  /** `pick(kind, subject)` filters by a subject; `samples(ids, label)` shows posts. */
  constructor(pick, samples) {
    this.#pick = pick;
    this.#samples = samples;
  }

  /** Rows are kept, so that an open one stays open. */
  show(alerts) {
    const shown = alerts.list().slice(0, ROWS);
    const kept = new Set(shown.map((alert) => alert.id));
    shown.forEach((alert, index) => {
      const row = this.#rows.get(alert.id) ?? this.#row(alert);
      this.#rows.set(alert.id, row);
      if (this.#list.children[index] !== row) this.#list.insertBefore(row, this.#list.children[index] ?? null);
    });
    for (const [id, row] of this.#rows) {
      if (kept.has(id)) continue;
      row.remove();
      this.#rows.delete(id);
    }
    this.#list.dataset.empty = shown.length ? "" : t("alertsNone");
    const many = SEVERITIES.map((name) => [name, shown.filter((alert) => alert.severity === name).length]).filter(([, number]) => number);
    const told = many.map(([name, number]) => `${MARKS[name]} ${count(number)} ${t(name)}`);
    // Not all there are: the list is cut.
    say(this.#note, (shown.length < ROWS ? told : [t("latest", { count: count(ROWS) }), ...told]).join(" · "));
  }

  /** Say everything again, in another language. */
  words(alerts) {
    const open = new Set([...this.#rows].filter(([, row]) => row.firstElementChild.open).map(([id]) => id));
    this.#list.replaceChildren();
    this.#rows.clear();
    this.show(alerts);
    for (const id of open) if (this.#rows.has(id)) this.#rows.get(id).firstElementChild.open = true;
  }

  #row(alert) {
    const figure = FIGURES[unitOf(alert)];
    const [observed, expected] = [figure(alert.observed), figure(alert.expected)];
    const label = named(alert);
    return el(
      "li", { "data-id": alert.id },
      el(
        "details", { class: `alert ${alert.severity}` },
        el(
          "summary", {},
          el("span", { class: "severity" }, el("span", { class: "mark", "aria-hidden": "true" }, MARKS[alert.severity]), t(alert.severity)),
          el("span", { class: "what" }, `${t(`kind_${alert.kind}`)} · ${label}`),
          el("time", { datetime: new Date(alert.fired_at).toISOString(), title: whole(alert.fired_at) }, when(alert.fired_at)),
          el("span", { class: "said" }, spoken() === "en" ? alert.explanation : t(`said_${alert.kind}`, { observed, expected, subject: label, score: scored(alert) })),
        ),
        this.#evidence(alert, observed, expected, label),
      ),
    );
  }

  #evidence(alert, observed, expected, label) {
    const [long, short] = lengths(alert);
    const { kind, value } = subjectOf(alert);
    const more = [["terms", alert.terms, 0], ["sourcesOf", alert.sources, 1]].filter(([, counts]) => Object.keys(counts).length);
    return el(
      "div", { class: "evidence" },
      el(
        "dl", { class: "against" },
        ...bar("observed", observed, long, `fill ${alert.severity}`), ...bar("expected", expected, short, "fill expected"),
      ),
      el("p", { class: "note" }, [alert.window ? t("windowOf", { window: alert.window, time: whole(alert.start) }) : null, t("rule", { rule: alert.rule_id }), t("scoreOf", { score: scored(alert) })].filter(Boolean).join(" · ")),
      spoken() === "en" ? null : el("p", { class: "note", lang: "en" }, alert.explanation),
      alert.removal_note ? el("p", { class: "note", lang: "en" }, alert.removal_note) : null,
      alert.held ? el("p", { class: "note" }, t("held", { count: count(alert.held) })) : null,
      ...more.map(([key, counts]) => el("p", { class: "counted" }, el("span", { class: "note" }, t(key)), ...largest(counts, WORDS).map(([name, many]) => el("span", { class: "word" }, name, el("b", {}, count(many)))))),
      el(
        "p", { class: "acts" },
        alert.samples.length && kind !== "topic" ? el("button", { type: "button", class: "quiet samples", click: () => this.#samples(alert.samples, `${t(`kind_${alert.kind}`)} · ${label}`) }, t("samples", { count: count(alert.samples.length) })) : null,
        NAMEABLE.includes(kind) ? el("button", { type: "button", class: "quiet", click: () => this.#pick(kind, value) }, t("filterBy", { subject: label })) : null,
      ),
    );
  }
}

/** What was compared with the rule's threshold: of prices and shares a fraction. */
const scored = (alert) => (["price", "share"].includes(unitOf(alert)) ? signedPercent2(alert.score) : decimal(alert.score));

const bar = (key, text, length, kind) => [
  el("dt", {}, t(key)),
  el("dd", {}, el("span", { class: "track", "aria-hidden": "true" }, scaled(el("span", { class: kind }), length)), el("span", { class: "share" }, text)),
];

function scaled(element, length) {
  element.style.transform = `scaleX(${length.toFixed(4)})`;
  return element;
}

/** What an alert is about, as people write it. */
function named(alert) {
  const { kind, value } = subjectOf(alert);
  // A topic's id says nothing to people, its words do.
  const words = kind === "topic" ? largest(alert.terms, LABEL).map(([word]) => word).join(", ") : "";
  const name = kind === "all" ? t("everything") : NAMEABLE.includes(kind) ? written(kind, value) : words || value;
  return alert.platform ? `${name} (${alert.platform})` : name;
}

const when = (at) => (at > Date.now() - DAY ? clock(at) : `${day(at)} ${clock(at)}`);
