/* Prices stand in the bins of the sentiment beside them. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { priceTicks } from "../../../api/page/js/charts/scale.js";
import { candleAt, Prices, range } from "../../../api/page/js/model/prices.js";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = Date.UTC(2026, 10, 20, 17);
const bins = (length, many) => Array.from({ length: many }, (_, index) => ({ start: START + index * length, end: START + (index + 1) * length }));
const bar = (start, length, open, high, low, close, volume = 10) => ({ start, end: start + length, open, high, low, close, volume });

test("minutes become one candle an hour; an hour without trade has none", () => {
  const minutes = [
    bar(START - 60_000, 60_000, 1, 1, 1, 1),
    bar(START, 60_000, 100, 105, 99, 101),
    bar(START + 59 * 60_000, 60_000, 101, 102, 90, 95, 7),
    bar(START + 2 * HOUR, 60_000, 95, 96, 94, 96),
    bar(START + 3 * HOUR, 60_000, 1, 1, 1, 1),
  ];
  const found = new Prices(minutes, []).candles(bins(HOUR, 3));
  assert.deepEqual(found, [
    { start: START, end: START + HOUR, open: 100, high: 105, low: 90, close: 95, volume: 17 },
    { start: START + 2 * HOUR, end: START + 3 * HOUR, open: 95, high: 96, low: 94, close: 96, volume: 10 },
  ]);
  assert.deepEqual(range(found), [90, 105]);
  assert.equal(candleAt(found, bins(HOUR, 3)[1]), null);
  assert.equal(candleAt(found, bins(HOUR, 3)[2]).close, 96);
});

test("bars are not changed by being folded", () => {
  const minutes = [bar(START, 60_000, 1, 2, 1, 2), bar(START + 60_000, 60_000, 2, 9, 1, 3)];
  const prices = new Prices(minutes, []);
  assert.deepEqual(prices.candles(bins(HOUR, 1)), prices.candles(bins(HOUR, 1)));
  assert.equal(minutes[0].high, 2);
});

test("without minutes a day's bar spans its day, cut to the period", () => {
  const found = new Prices([], [bar(START - DAY, DAY, 1, 1, 1, 1), bar(START - 6 * HOUR, DAY, 5, 7, 4, 6)]).candles(bins(HOUR, 10));
  assert.deepEqual(found, [{ start: START, end: START + 10 * HOUR, open: 5, high: 7, low: 4, close: 6, volume: 10 }]);
  assert.equal(candleAt(found, bins(HOUR, 10)[4]).close, 6);
});

test("a day of an exchange elsewhere is the reader's day in which its noon lies", () => {
  // Bins are days of Jakarta; New York's day begins twelve hours later, Tokyo's two earlier.
  const abroad = [bar(START + 12 * HOUR - 1, DAY, 1, 2, 1, 2), bar(START + DAY - 2 * HOUR, DAY, 3, 4, 3, 4)];
  const found = new Prices([bar(START, 60_000, 9, 9, 9, 9)], abroad).candles(bins(DAY, 2));
  assert.deepEqual(found.map((one) => [one.start, one.close]), [[START, 2], [START + DAY, 4]]);
});

test("nothing is known of nothing", () => {
  assert.deepEqual(new Prices().candles(bins(HOUR, 3)), []);
  assert.deepEqual(new Prices().candles([]), []);
  assert.equal(range([]), null);
});

test("price ticks are few, even, and hold the prices", () => {
  for (const [low, high] of [[9120, 9310], [0.0012, 0.0019], [100, 100], [0, 0], [1.05, 1.06], [95_000, 123_456], [-37.6, -36.2]]) {
    const ticks = priceTicks([low, high]);
    assert.ok(ticks[0] <= low && ticks.at(-1) >= high, `${low}-${high}: ${ticks}`);
    assert.ok(ticks.length >= 2 && ticks.length <= 6, `${low}-${high}: ${ticks}`);
    const steps = ticks.slice(1).map((one, index) => one - ticks[index]);
    assert.ok(steps.every((step) => step > 0 && Math.abs(step - steps[0]) < steps[0] * 1e-6), `${ticks}`);
  }
  assert.deepEqual(priceTicks([9120, 9310]), [9100, 9200, 9300, 9400]);
});
