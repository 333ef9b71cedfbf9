/* Alerts: the newest ones by when they fired, each once; what its figures are figures of. */

const LIMIT = 60;

export const SEVERITIES = ["critical", "warning", "info"];

export class AlertLog {
  #alerts = new Map();

  /** Take in one; false where it is known. */
  take(alert) {
    if (this.#alerts.has(alert.id)) return false;
    this.#alerts.set(alert.id, alert);
    if (this.#alerts.size > LIMIT) {
      const oldest = this.list().at(-1);
      this.#alerts.delete(oldest.id);
      return oldest.id !== alert.id;
    }
    return true;
  }

  clear() {
    this.#alerts.clear();
  }

  /** Newest first. */
  list() {
    return [...this.#alerts.values()].sort((a, b) => b.fired_at - a.fired_at || (a.id < b.id ? 1 : -1));
  }

  get size() {
    return this.#alerts.size;
  }
}

/** Whether an alert is about what the filter shows. */
export function alertMatches(filter, alert) {
  if (filter.platform && alert.platform !== filter.platform) return false;
  return !filter.kind || alert.subject === `${filter.kind}:${filter.subject}`;
}

/** The subject in two parts: {kind, value}. */
export function subjectOf(alert) {
  const at = alert.subject.indexOf(":");
  return at < 0 ? { kind: alert.subject, value: "" } : { kind: alert.subject.slice(0, at), value: alert.subject.slice(at + 1) };
}

const UNITS = {
  volume_spike: "mentions", keyword: "mentions", new_topic: "mentions",
  sentiment_shift: "share", price_move: "price", divergence: "share", source_silent: "silence",
};

/** What observed and expected count: mentions, share, price, number or silence. */
export const unitOf = (alert) => UNITS[alert.kind] ?? "number";

/** Lengths of the bars of observed and expected, 0 to 1; the larger one fills its track. */
export function lengths({ observed, expected }) {
  const most = Math.max(Math.abs(observed), Math.abs(expected));
  return most ? [Math.abs(observed) / most, Math.abs(expected) / most] : [0, 0];
}

/** The largest entries of a map of counts. */
export const largest = (counts, limit) =>
  Object.entries(counts ?? {}).sort(([a, one], [b, other]) => other - one || (a < b ? -1 : 1)).slice(0, limit);
