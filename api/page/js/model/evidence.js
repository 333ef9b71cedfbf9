/* Evidence that the page has no words for yet: every field is shown, named and written as plainly as its value allows. */

/* What has a place of its own, or is no evidence. */
const KNOWN = new Set([
  "id", "rule_id", "rule_revision", "owner", "kind", "severity", "subject", "platform", "window", "start", "end", "observed", "expected",
  "score", "explanation", "terms", "sources", "samples", "fired_at", "cooldown_until", "computed_at", "removal_of", "removal", "removal_note",
  "held",
]);
const MOMENT = /(^|_)(at|since|until|start|end)$/;
/* Before 2001 no moment is meant, but a number. */
const EARLIEST = 1e12;

/** `smallest_removal` as people write it: "Smallest removal". */
export function plain(name) {
  const words = String(name).replaceAll("_", " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** The fields of an alert that are not known, as [name, value]; empty ones are left out. */
export const unknown = (alert) => Object.entries(alert).filter(([name, value]) => !KNOWN.has(name) && !empty(value));

/** Any value in one line; `number(value)` and `moment(value)` write those. */
export function inOneLine(name, value, { number, moment }) {
  if (typeof value === "number") return MOMENT.test(name) && value >= EARLIEST ? moment(value) : number(value);
  if (Array.isArray(value)) return value.map((one) => inOneLine(name, one, { number, moment })).join(", ");
  if (typeof value === "object" && value !== null) {
    return Object.entries(value).filter(([, one]) => !empty(one)).map(([key, one]) => `${key}: ${inOneLine(key, one, { number, moment })}`).join(" · ");
  }
  return String(value);
}

function empty(value) {
  if (value === null || value === undefined || value === "") return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}
