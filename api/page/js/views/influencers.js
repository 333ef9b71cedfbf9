/* Influencers: authors by their score; opened, the parts it is the sum of, and the signals against them with their evidence. */

import { measure } from "../charts/measure.js";
import { byId, el, say } from "../dom.js";
import { ago, compact, count, decimal, mentions, percent, whole } from "../format.js";
import { plain } from "../model/evidence.js";
import { lengthOf, nameOf, partsOf, subjectsOf } from "../model/influencers.js";
import { spoken, t, worded } from "../words.js";
import { subjects } from "./chips.js";
import { Choice } from "./choice.js";
import { Fold } from "./fold.js";
import { Kept } from "./kept.js";
import { arrow } from "./links.js";
import { Pace } from "./pace.js";

const EVERY_MS = 10_000;
const SUBJECTS = 8;

export class InfluencerView {
  #list = byId("influencers");
  #note = byId("influencers-note");
  #pace = new Pace(EVERY_MS);
  #which;
  #rows;

  /** `choose(flagged)` asks for all or for those with signals; `opened()` is called when one is; `pick`, `samples` as elsewhere. */
  constructor({ choose, opened, pick, samples }) {
    this.#which = new Choice(byId("influencers-which"), "flagged", choose);
    this.#rows = new Kept(this.#list, (profile) => new InfluencerRow(profile, { opened, pick, samples }), { still: true });
  }

  /** `profiles` is null before the archive has answered. */
  show(profiles, flagged, now) {
    if (!this.#pace.due(now, profiles, flagged, spoken())) return;
    this.#which.show([{ value: false, label: t("all") }, { value: true, label: t("withSignals") }], flagged);
    if (profiles) this.#rows.show(profiles);
    else this.#rows.clear();
    this.#list.dataset.empty = profiles?.length ? "" : t(profiles ? (flagged ? "influencersNoneFlagged" : "influencersNone") : "loading");
    say(this.#note, t("influencersNote"));
  }

  /** Say everything again, in another language. */
  words(profiles) {
    this.#rows.again(profiles ?? []);
  }
}

class InfluencerRow {
  #profile;
  #on;
  #fold;
  #name = el("span", { class: "name" });
  #warns = el("span", { class: "warns" });
  #score = el("span", { class: "score-value" });
  #track = el("span", { class: "track parts", "aria-hidden": "true" });
  #many = el("span", {});
  #age = el("span", {});

  constructor(profile, on) {
    this.#on = on;
    this.#profile = profile;
    const summary = [this.#name, this.#warns, this.#score, this.#track, el("span", { class: "told" }, this.#many, this.#age)];
    this.#fold = new Fold(profile.id, "influencer", summary, () => this.#evidence(), on.opened);
    this.element = this.#fold.element;
    this.element.append(arrow(profile.profile_url, t("openProfile")) ?? "");
  }

  fill(profile) {
    this.#profile = profile;
    say(this.#name, nameOf(profile));
    this.#name.title = [profile.name, profile.id].filter(Boolean).join(" · ");
    say(this.#warns, profile.signals.length ? `▲ ${profile.signals.length === 1 ? t("signalsOne") : t("signalsCount", { count: count(profile.signals.length) })}` : "");
    say(this.#score, decimal(profile.score));
    this.#score.title = t("score", { score: decimal(profile.score) });
    const parts = partsOf(profile).filter(({ value }) => value > 0);
    const kept = Math.max(0, profile.score) / (parts.reduce((sum, part) => sum + part.value, 0) || 1);
    this.#track.replaceChildren(...parts.map(({ name, value }) => sized(el("span", { class: `part ${name}` }), value * kept)));
    const followers = profile.followers === null ? null : t("followers", { count: compact(profile.followers) });
    say(this.#many, [profile.platform, followers, mentions(profile.mentions, compact)].filter(Boolean).join(" · "));
    say(this.#age, ago(Date.now() - profile.last_activity));
    this.#age.title = whole(profile.last_activity);
    this.#fold.refresh(String(profile.revision));
  }

  #evidence() {
    const profile = this.#profile;
    return [
      el("dl", { class: "against parts-list" }, ...partsOf(profile).flatMap((part) => explained(profile, part))),
      el("p", { class: "note" }, t("influenceOf", { mood: worded(`influence_${profile.sentiment_influence}`) ?? plain(profile.sentiment_influence) })),
      profile.signals.length
        ? el("ul", { class: "signals" }, ...profile.signals.map((signal) => this.#signal(signal)))
        : el("p", { class: "note" }, t("signalsNone")),
      subjects(t("writesOf"), subjectsOf(profile, SUBJECTS), this.#on.pick),
    ];
  }

  #signal(signal) {
    const label = worded(`signal_${signal.kind}`) ?? plain(signal.kind);
    return el(
      "li", { class: "signal" },
      el("strong", {}, `▲ ${label}`),
      el("span", { lang: "en" }, signal.explanation),
      el("span", { class: "note" }, t("signalFigures", { observed: decimal(signal.observed), limit: decimal(signal.limit) })),
      signal.authors.length ? el("span", { class: "note" }, t("signalAuthors", { authors: signal.authors.join(", ") })) : null,
      signal.samples.length
        ? el("p", { class: "acts" }, el("button", { type: "button", class: "quiet samples", click: () => this.#on.samples(signal.samples, `${nameOf(this.#profile)} · ${label}`) }, t("samples", { count: count(signal.samples.length) })))
        : null,
    );
  }
}

/** A part of the score: its name, how much of it there is, and what it was made of. */
function explained(profile, part) {
  const why = {
    reach: () => (profile.followers === null ? t("followersUnknown") : t("followers", { count: count(profile.followers) })),
    engagement: () => t("engagementOf", { count: count(profile.engagement) }),
    originality: () => (profile.originality === null ? "" : t("originalityOf", { share: percent(profile.originality) })),
    activity: () => t("daysOf", { count: count(profile.active_days) }),
    echo: () => t("echoOf", { count: count(profile.follow_positive + profile.follow_negative + profile.follow_neutral) }),
    spam: () => (profile.signals.length ? "" : t("spamNone")),
  }[part.name]();
  const figure = part.name === "spam" ? decimal(part.value) : `${decimal(part.value)} / ${part.most}`;
  return measure([t(`part_${part.name}`), why ? el("span", { class: "why" }, why) : ""], figure.replace("-", "−"), lengthOf(part), `part ${part.name}`);
}

function sized(element, share) {
  element.style.width = `${share.toFixed(1)}%`;
  return element;
}
