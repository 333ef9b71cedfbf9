/* The figures on top. */

import { byId, say } from "../dom.js";
import { clock, compact, count, decimal, signed, signedPercent } from "../format.js";
import { amount } from "../model/history.js";
import { dashboardCounts } from "../model/filter.js";
import { t } from "../words.js";

const FULL_MINUTES = 5;
const NOTHING = "–";
/* From here on a percentage says less than a multiple. */
const MANY_TIMES = 4;

/** `minutes` is the series of the last hour. */
export function showTotals(session, minutes) {
  const { filter, period } = session;
  const total = session.total();
  say(byId("total-label"), t("mentionsIn", { period: t(`p${period}`) }));
  say(byId("total"), total === null ? NOTHING : count(total));
  say(byId("total-change"), change(session, total, t(`p${period}`)));
  say(byId("rate"), rate(minutes, filter.sentiment));
  say(byId("net"), net(session.history));
  say(byId("received"), compact(session.received));
  const time = clock(session.startedAt);
  const outside = session.outside > 0 && session.history;
  say(byId("received-note"), outside ? t("outside", { time, count: compact(session.outside) }) : t("receivedNote", { time }));
}

/** Against the period before, where the archive counts what is shown. */
function change(session, total, period) {
  const { stats, filter } = session;
  if (!stats || total === null || !dashboardCounts(filter)) return t("noBefore");
  const before = filter.sentiment ? stats.previous_sentiment[filter.sentiment] : stats.previous_mentions;
  if (!before) return t("noBefore");
  const times = total / before;
  return times < MANY_TIMES ? t("vsBefore", { change: signedPercent(times - 1), period }) : t("vsBeforeTimes", { times: compact(Math.round(times)), period });
}

/** The minute that still runs is left out; unknown where nothing was listened to. */
function rate(minutes, sentiment) {
  const full = minutes.slice(-1 - FULL_MINUTES, -1).filter((point) => point.counts !== null);
  if (!full.length) return NOTHING;
  return decimal(full.reduce((sum, point) => sum + amount(point.counts, sentiment), 0) / full.length);
}

function net(history) {
  if (!history) return NOTHING;
  const totals = history.totals();
  const all = amount(totals);
  return all ? signed(((totals.positive - totals.negative) / all) * 100, 0) : NOTHING;
}
