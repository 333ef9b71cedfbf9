/* Wires the session to the views. */

import * as api from "./api.js";
import { Beside } from "./beside.js";
import { Pulse } from "./charts/pulse.js";
import { SentimentChart } from "./charts/sentiment.js";
import { Shares } from "./charts/shares.js";
import { VolumeChart } from "./charts/volume.js";
import { byId, el, say } from "./dom.js";
import { compact, count } from "./format.js";
import { amount } from "./model/history.js";
import { may } from "./may.js";
import { dayBins, fromHash, PERIODS, SENTIMENTS, toHash } from "./model/filter.js";
import { Session } from "./session.js";
import { Choice } from "./views/choice.js";
import { AlertView } from "./views/alerts.js";
import { FilterBar } from "./views/filterbar.js";
import { InfluencerView } from "./views/influencers.js";
import { PriceView } from "./views/prices.js";
import { RisingView } from "./views/rising.js";
import { SourceView } from "./views/sources.js";
import { StoryView } from "./views/stories.js";
import { StatusView } from "./views/status.js";
import { startSwitches } from "./views/switches.js";
import { Ticker } from "./views/ticker.js";
import { TopicView } from "./views/topics.js";
import { showTotals } from "./views/totals.js";
import { t } from "./words.js";

const DRAW_MS = 250;
const REST_AFTER_MS = 120_000;
const EMOTIONS = ["joy", "love", "neutral", "sadness", "fear", "anger"];

let drawing = 0;
startSwitches(words);
for (const name of ["topics", "influencers", "stories", "sources"]) document.querySelector(`main > .${name}`).hidden = !may(name);

const given = fromHash(location.hash);
const status = new StatusView();
const session = new Session(given.filter, given.period, {
  change: soon,
  mention: (mention) => ticker.add(mention),
  fill: (mentions) => ticker.fill(mentions),
  gap: (data) => status.gap(data.reasons),
});
const ticker = new Ticker(pick, () => Boolean(session.filter.kind || session.filter.platform || session.filter.sentiment));
const rising = new RisingView(pick);
const beside = new Beside(soon);
const alerts = new AlertView(pick, samples);
const sources = new SourceView();
const stories = new StoryView(samples);
const topics = new TopicView(pick, (start) => session.day?.covered(start));
const influencers = new InfluencerView({ choose: (flagged) => beside.lookAt(flagged), opened: () => beside.authors(), pick, samples });
const filters = new FilterBar(given.filter, (filter) => look(filter, session.period));
const period = new Choice(byId("period"), "period", (value) => look(session.filter, value));
const hour = new VolumeChart(byId("hour-chart"), { live: true });
const volume = new VolumeChart(byId("volume-chart"));
const sentiment = new SentimentChart(byId("sentiment-chart"));
const prices = new PriceView();
const sentimentShare = new Shares(byId("sentiment-share"));
const emotionShare = new Shares(byId("emotion-share"));
new Pulse(byId("pulse").firstElementChild, () => session.arrivals);

/** Look at something else, and let the address say so. */
function look(filter, chosen) {
  const hash = toHash(filter, chosen);
  history.replaceState(null, "", hash ? `#${hash}` : location.pathname + location.search);
  session.look(filter, chosen);
  filters.show(filter);
  // At once: figures of one filter must not stand beside the name of another.
  draw();
}

/** Filter by a subject; by the same one again: no more. */
function pick(kind, subject) {
  const same = session.filter.kind === kind && session.filter.subject === subject;
  look({ ...session.filter, kind: same ? null : kind, subject: same ? null : subject }, session.period);
}

/** Show the posts that something gives as its evidence. */
async function samples(ids, label) {
  try {
    ticker.pin(await api.mentionsById(ids), label);
  } catch {
    ticker.pin([], label);
  }
}

/** Draw once for all that happens within a moment. */
function soon() {
  drawing ||= setTimeout(draw, DRAW_MS);
}

function draw() {
  clearTimeout(drawing);
  drawing = 0;
  const minutes = session.minutes.series((start) => session.listened(start));
  const only = session.filter.sentiment;
  showTotals(session, minutes);
  status.show(session, Date.now());
  hour.show(minutes, only, t("chartHour"));
  const peak = Math.max(...minutes.map((point) => amount(point.counts, only) ?? 0));
  say(byId("hour-note"), session.state === "live" ? t("hourNote", { peak: compact(peak) }) : t("hourIdle"));
  const bins = session.history?.series() ?? null;
  if (bins) {
    volume.show(bins, only, t("chartVolume"));
    sentiment.show(bins, t("chartSentiment"));
  }
  beside.lookFor(session.filter);
  if (bins) beside.look(session.filter, session.history.from, !dayBins(session.period));
  prices.show(session.filter, beside.market, bins);
  alerts.show(session.alerts);
  const now = Date.now();
  sources.show(beside.sources, now);
  stories.show(beside.stories, now);
  topics.show(session.ranking, session.filter, now);
  influencers.show(beside.influencers, beside.flagged, now);
  const totals = session.history?.totals();
  sentimentShare.show(SENTIMENTS.map((name) => ({ name, label: t(name), value: totals?.[name] ?? 0 })));
  const felt = session.emotions.counts();
  emotionShare.show(EMOTIONS.map((name) => ({ name: `emotion-${name}`, label: emotion(name), value: felt.get(name) ?? 0 })));
  say(byId("emotion-note"), t("emotionNote", { count: count(session.emotions.size) }));
  rising.show(session.ranking, session.filter, (start) => session.day?.covered(start));
  filters.suggest(session.stats, session.ranking.rising.top(40));
  period.show(PERIODS.map((value) => ({ value, label: value })), session.period);
  const beats = session.arrivals.total();
  say(byId("pulse-note"), beats ? t("beats", { count: compact(beats) }) : t("quiet"));
}

const emotion = (name) => t(name === "neutral" ? "neutral_emotion" : name);

/** Everything again, in another language. */
function words() {
  byId("legend").replaceChildren(...SENTIMENTS.map((name) => el("li", { class: name }, t(name))));
  filters.show(session.filter);
  ticker.words();
  status.words();
  alerts.words(session.alerts);
  stories.words(beside.stories);
  topics.words(session.ranking, session.filter);
  influencers.words(beside.influencers);
  draw();
}

let resting = 0;
document.addEventListener("visibilitychange", () => {
  clearTimeout(resting);
  if (document.hidden) resting = setTimeout(() => session.rest(), REST_AFTER_MS);
  else if (session.state === "resting") session.wake();
});
document.querySelector(".skip").addEventListener("click", (event) => {
  // The address keeps the filter.
  event.preventDefault();
  byId("main").focus();
});
addEventListener("hashchange", () => {
  const wanted = fromHash(location.hash);
  look(wanted.filter, wanted.period);
});

words();
setInterval(draw, 1000);
session.look(given.filter, given.period);
