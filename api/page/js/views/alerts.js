/* Alerts with their evidence: what was observed against what was expected, words, sources, and the posts themselves. */

import { measure } from "../charts/measure.js";
import { byId, el, say } from "../dom.js";
import { clock, count, day, decimal, duration, percent, price, signedPercent2, whole } from "../format.js";
import { largest, lengths, SEVERITIES, subjectOf, unitOf } from "../model/alerts.js";
import { inOneLine, plain, unknown } from "../model/evidence.js";
import { NAMEABLE, written } from "../model/filter.js";
import { spoken, t, worded } from "../words.js";
import { counted } from "./chips.js";
import { Kept } from "./kept.js";

const DAY = 86_400_000;
const ROWS = 30;
const WORDS = 8;
const LABEL = 3;
/* A shape of its own for each severity: colour alone would not tell everybody. */
const MARKS = { critical: "◆", warning: "▲", info: "●" };

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
  #rows = new Kept(this.#list, (alert) => ({ element: this.#row(alert) }));
  #pick;
  #samples;

  /** `pick(kind, subject)` filters by a subject; `samples(ids, label)` shows posts. */
  constructor(pick, samples) {
    this.#pick = pick;
    this.#samples = samples;
  }

  show(alerts) {
    const shown = alerts.list().slice(0, ROWS);
    this.#rows.show(shown);
    this.#list.dataset.empty = shown.length ? "" : t("alertsNone");
    const many = SEVERITIES.map((name) => [name, shown.filter((alert) => alert.severity === name).length]).filter(([, number]) => number);
    const told = many.map(([name, number]) => `${MARKS[name]} ${count(number)} ${t(name)}`);
    // Not all there are: the list is cut.
    say(this.#note, (shown.length < ROWS ? told : [t("latest", { count: count(ROWS) }), ...told]).join(" · "));
  }

  /** Say everything again, in another language. */
  words(alerts) {
    this.#rows.again(alerts.list().slice(0, ROWS));
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
          el("span", { class: "severity" }, el("span", { class: "mark", "aria-hidden": "true" }, MARKS[alert.severity] ?? MARKS.info), t(alert.severity)),
          el("span", { class: "what" }, `${kindOf(alert)} · ${label}`, alert.owner ? el("span", { class: "own", title: t("ownWhy") }, t("own")) : null),
          el("time", { datetime: new Date(alert.fired_at).toISOString(), title: whole(alert.fired_at) }, when(alert.fired_at)),
          el("span", { class: "said" }, (spoken() === "en" ? null : worded(`said_${alert.kind}`, { observed, expected, subject: label, score: scored(alert) })) ?? alert.explanation),
        ),
        this.#evidence(alert, observed, expected, label),
      ),
    );
  }

  #evidence(alert, observed, expected, label) {
    const [long, short] = lengths(alert);
    const { kind, value } = subjectOf(alert);
    return el(
      "div", { class: "evidence" },
      el("dl", { class: "against" }, ...measure([t("observed")], observed, long, alert.severity), ...measure([t("expected")], expected, short, "expected")),
      el("dl", { class: "facts" }, ...facts(alert).flatMap(([name, text]) => [el("dt", {}, name), el("dd", {}, text)])),
      spoken() === "en" ? null : el("p", { class: "note", lang: "en" }, alert.explanation),
      alert.removal_note ? el("p", { class: "note", lang: "en" }, alert.removal_note) : null,
      counted(t("terms"), largest(alert.terms, WORDS)),
      counted(t("sourcesOf"), largest(alert.sources, WORDS)),
      el(
        "p", { class: "acts" },
        alert.samples?.length && kind !== "topic" ? el("button", { type: "button", class: "quiet samples", click: () => this.#samples(alert.samples, `${kindOf(alert)} · ${label}`) }, t("samples", { count: count(alert.samples.length) })) : null,
        NAMEABLE.includes(kind) ? el("button", { type: "button", class: "quiet", click: () => this.#pick(kind, value) }, t("filterBy", { subject: label })) : null,
      ),
    );
  }
}

/** Since when, told when, quiet until when, by which rule; and what a later version of the stage tells besides. */
function facts(alert) {
  const since = alert.window ? t("sinceWindow", { time: whole(alert.start), window: alert.window }) : whole(alert.start);
  return [
    [t("since"), since],
    [t("fired"), whole(alert.fired_at)],
    alert.cooldown_until > alert.fired_at ? [t("quietUntil"), whole(alert.cooldown_until)] : null,
    [t("rule"), alert.rule_id],
    [t("scoreName"), scored(alert)],
    alert.held ? [t("held"), count(alert.held)] : null,
    ...unknown(alert).map(([name, value]) => [plain(name), inOneLine(name, value, { number: decimal, moment: whole })]),
  ].filter(Boolean);
}

/** What happened, in words; a kind that the page does not know by its own name. */
const kindOf = (alert) => worded(`kind_${alert.kind}`) ?? plain(alert.kind);

/** What was compared with the rule's threshold: of prices and shares a fraction. */
const scored = (alert) => (["price", "share"].includes(unitOf(alert)) ? signedPercent2(alert.score) : decimal(alert.score));

/** What an alert is about, as people write it. */
function named(alert) {
  const { kind, value } = subjectOf(alert);
  // A topic's id says nothing to people, its words do.
  const words = kind === "topic" ? largest(alert.terms, LABEL).map(([word]) => word).join(", ") : "";
  const name = kind === "all" ? t("everything") : NAMEABLE.includes(kind) ? written(kind, value) : words || value;
  return alert.platform ? `${name} (${alert.platform})` : name;
}

const when = (at) => (at > Date.now() - DAY ? clock(at) : `${day(at)} ${clock(at)}`);
