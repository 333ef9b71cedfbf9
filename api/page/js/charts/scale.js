/* Ticks: round numbers on the count axis, round times on the time axis. */

import { clock, day } from "../format.js";

const HOUR = 3_600_000;
/* Jakarta has been at +7 without summer time since 1964. */
const OFFSET = 7 * HOUR;

/** About `wanted` round, whole steps from 0 that reach `top` or more. */
export function countTicks(top, wanted = 3) {
  const highest = Math.max(top, 1);
  const rough = highest / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, [1, 2, 2.5, 5, 10].map((one) => one * power).find((one) => one >= rough && (one >= 1 ? Number.isInteger(one) : true)));
  const ticks = [];
  for (let at = 0; ; at += step) {
    ticks.push(at);
    if (at >= highest) return ticks;
  }
}

/** About `wanted` round steps from below the lowest price to the highest or above. */
export function priceTicks([low, high], wanted = 3) {
  const air = low === high ? Math.abs(low) * 0.01 || 1 : 0;
  const rough = (high - low + 2 * air) / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((one) => one * power).find((one) => one >= rough * 0.999);
  const first = Math.floor((low - air) / step + 1e-9);
  const last = Math.max(first + 1, Math.ceil((high + air) / step - 1e-9));
  // Counted in whole steps: adding fractions up would drift.
  return Array.from({ length: last - first + 1 }, (_, index) => Number(((first + index) * step).toPrecision(12)));
}

const STEPS = [10 * 60_000, 15 * 60_000, 30 * 60_000, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, 24 * HOUR, 48 * HOUR, 168 * HOUR, 336 * HOUR, 720 * HOUR];

/** Times between two, round in WIB, at most `most` of them, with their labels. */
export function timeTicks(from, to, most) {
  const step = STEPS.find((one) => (to - from) / one <= most) ?? STEPS.at(-1);
  const ticks = [];
  for (let at = Math.ceil((from + OFFSET) / step) * step - OFFSET; at < to; at += step) {
    const midnight = (at + OFFSET) % (24 * HOUR) === 0;
    ticks.push({ at, label: midnight || step >= 24 * HOUR ? day(at) : clock(at) });
  }
  return ticks;
}
