/* Numbers and times as people read them, in the language that is spoken and in WIB. */

import { spoken, t } from "./words.js";

export const ZONE = "Asia/Jakarta";

const made = new Map();

/** Intl formatters are expensive to build: one per language and kind. */
function formatter(kind, build) {
  const key = `${spoken()} ${kind}`;
  if (!made.has(key)) made.set(key, build(spoken() === "id" ? "id-ID" : "en-GB"));
  return made.get(key);
}

const numbers = (name, options) => formatter(`number ${name}`, (locale) => new Intl.NumberFormat(locale, options));
const times = (name, options) =>
  formatter(`time ${name}`, (locale) => new Intl.DateTimeFormat(locale, { timeZone: ZONE, hourCycle: "h23", ...options }));

export const count = (value) => numbers("count", {}).format(value);
export const compact = (value) =>
  value < 10_000 ? count(value) : numbers("compact", { notation: "compact", maximumFractionDigits: 1 }).format(value);
export const decimal = (value) => numbers("decimal", { maximumFractionDigits: 1 }).format(value);
export const percent = (value) => numbers("percent", { style: "percent", maximumFractionDigits: 0 }).format(value);
export const signed = (value, digits = 1) =>
  minus(numbers(`signed${digits}`, { signDisplay: "exceptZero", maximumFractionDigits: digits }).format(value));
export const signedPercent = (value) =>
  minus(numbers("signed percent", { style: "percent", signDisplay: "exceptZero", maximumFractionDigits: 0 }).format(value));

export const signedPercent2 = (value) =>
  minus(numbers("signed percent2", { style: "percent", signDisplay: "exceptZero", maximumFractionDigits: 2 }).format(value));
/** A price with the decimals that matter at its size. */
export const price = (value) =>
  numbers(Math.abs(value) < 10 ? "small price" : "price", { maximumFractionDigits: Math.abs(value) < 10 ? 4 : 2 }).format(value);

/** A hyphen is too short a minus to be seen. */
const minus = (text) => text.replace("-", "−");

export const clock = (millis) => times("clock", { hour: "2-digit", minute: "2-digit" }).format(millis);
export const seconds = (millis) =>
  times("seconds", { hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(millis);
export const day = (millis) => times("day", { day: "numeric", month: "short" }).format(millis);
export const moment = (millis) =>
  times("moment", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" }).format(millis);
export const whole = (millis) => times("whole", { dateStyle: "medium", timeStyle: "medium" }).format(millis);

const STEPS = [["second", 1000], ["minute", 60_000], ["hour", 3_600_000], ["day", 86_400_000]];

/** A duration in its largest unit that makes at least `least`: "3 s", "12 min". */
export function duration(millis, least = 1) {
  const [unit, size] = STEPS.findLast(([, length]) => millis >= least * length) ?? STEPS[0];
  return numbers(unit, { style: "unit", unit, unitDisplay: "short" }).format(Math.max(0, Math.floor(millis / size)));
}

/** How long ago; "just now" below two seconds and for what seems to come from the future. */
export const ago = (millis) => (millis < 2000 ? t("ageNow") : t("age", { age: duration(millis) }));

/** "1 mention", "2,310 mentions"; `written` says how the number is written. */
export const mentions = (value, written = count) => (value === 1 ? t("mentionsOne") : t("mentionsCount", { count: written(value) }));
