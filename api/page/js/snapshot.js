/* What the archive knows, and the position at which the stream goes on from it. */

import * as api from "./api.js";
import { dashboardCounts, dayBins } from "./model/filter.js";
import { History } from "./model/history.js";
import { MINUTE, MINUTES } from "./model/minutes.js";

const LISTED = 60;
const ALERTS = 40;
const SETTLE_MS = 150;
const TRIES = 3;

/* The dashboard's figures carry no position, so they are read between two positions of the landed mentions. Where both
   are the same, nothing landed meanwhile and the figures are of just that position. Otherwise the later one is taken:
   then a few mentions may be missing until the trend windows tell of them, but none is counted twice. */

/** Read it all; `early` is given the first figures that come, of no position yet. Throws where the archive does not answer. */
export async function snapshot(filter, period, signal, early) {
  let before = await api.mentions(filter, LISTED, signal);
  for (let left = TRIES; ; left -= 1) {
    const [history, day, stats] = await Promise.all([
      api.history(filter, period, signal),
      period === "24h" ? null : api.history(filter, "24h", signal),
      api.stats(filter, period, signal),
    ]);
    const figures = { history: new History(history, dashboardCounts(filter)), day: new History(day ?? history, false), stats };
    if (left === TRIES) early({ ...figures, mentions: before.mentions });
    await new Promise((done) => setTimeout(done, SETTLE_MS));
    const [after, alerts] = await Promise.all([api.mentions(filter, LISTED, signal), api.alerts(filter, ALERTS, signal)]);
    if (after.position === before.position || left <= 1) {
      return {
        ...figures,
        mentions: after.mentions,
        // From here on the list is whole: nothing newer was left out of it.
        listedFrom: after.mentions.length < LISTED ? 0 : after.mentions.at(-1).event_at,
        alerts: alerts.alerts,
        // Of different topics, so the stream takes them beside each other.
        position: `${after.position},${alerts.position}`,
      };
    }
    before = after;
  }
}

/** The trend windows that count what the filter shows and add to a snapshot; read once the stream is open, so that no revision falls in between. */
export async function windows(filter, period, from, signal) {
  const own = dashboardCounts(filter);
  const [minutes, bins] = await Promise.all([
    api.counted(filter, "1m", Date.now() - MINUTES * MINUTE, signal),
    own ? [] : api.counted(filter, dayBins(period) ? "1d" : "1h", from, signal),
  ]);
  return [...minutes, ...bins];
}
