/* Nothing is counted twice: bins, minutes and periods under repeats, overlaps and restarts of the stream. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Bin } from "../../../api/page/js/model/bin.js";
import { amount, History } from "../../../api/page/js/model/history.js";
import { MINUTE, Minutes } from "../../../api/page/js/model/minutes.js";

const HOUR = 60 * MINUTE;
const NOW = 1_790_000_060_000;
const START = NOW - (NOW % HOUR);

const bucket = (start, positive, neutral = 0, negative = 0) => ({
  start, end: start + HOUR, positive, neutral, negative, mentions: positive === null ? null : positive + neutral + negative,
});
const answer = (...buckets) => ({ period: "24h", bucket: "hour", from: buckets[0].start, to: buckets.at(-1).end, buckets });
const nothing = (start) => ({ ...bucket(start, null), neutral: null, negative: null });

test("base and stream add up, a trend window of the same mentions adds nothing", () => {
  const bin = new Bin(START, START + HOUR, { positive: 3, neutral: 1, negative: 0 });
  bin.add("positive");
  bin.tell({ revision: 1, positive: 4, neutral: 1, negative: 0 });
  assert.deepEqual(bin.value(), { positive: 4, neutral: 1, negative: 0 });
});

test("a trend window that knows more raises the count, an older revision does not lower it", () => {
  const bin = new Bin(START, START + HOUR, { positive: 3, neutral: 0, negative: 0 });
  bin.tell({ revision: 7, positive: 9, neutral: 0, negative: 2 });
  bin.tell({ revision: 6, positive: 5, neutral: 0, negative: 1 });
  assert.deepEqual(bin.value(), { positive: 9, neutral: 0, negative: 2 });
});

test("null stays null until something is heard, zero stays zero", () => {
  const history = new History(answer(nothing(START - 2 * HOUR), bucket(START - HOUR, 0), nothing(START)));
  assert.deepEqual(history.series().map((point) => amount(point.counts)), [null, 0, null]);
  assert.equal(history.covered(START - 2 * HOUR + 5), false);
  assert.equal(history.covered(START - 5), true);
  assert.equal(history.covered(START + 9 * HOUR), undefined);
  history.add({ event_at: START + 1, sentiment: "negative" });
  assert.deepEqual(history.series().map((point) => amount(point.counts)), [null, 0, 1]);
});

test("a mention outside of the period is refused, edges belong to the later bin", () => {
  const history = new History(answer(bucket(START - HOUR, 1), bucket(START, 1)));
  assert.equal(history.add({ event_at: START - HOUR - 1, sentiment: "neutral" }), false);
  assert.equal(history.add({ event_at: START + HOUR, sentiment: "neutral" }), false);
  assert.equal(history.add({ event_at: START, sentiment: "neutral" }), true);
  assert.deepEqual(history.series().map((point) => amount(point.counts)), [1, 2]);
  assert.deepEqual(history.totals(), { positive: 2, neutral: 1, negative: 0 });
});

test("only windows of a bin's own size and start tell about it", () => {
  const history = new History(answer(bucket(START, 1)));
  const told = { revision: 1, positive: 50, neutral: 0, negative: 0 };
  history.tell({ ...told, window: "1m", start: START });
  history.tell({ ...told, window: "1h", start: START + MINUTE });
  assert.equal(amount(history.series()[0].counts), 1);
  history.tell({ ...told, window: "1h", start: START });
  assert.equal(amount(history.series()[0].counts), 50);
});

test("counts that are not the filter's give coverage only", () => {
  const history = new History(answer(nothing(START - HOUR), bucket(START, 12)), false);
  assert.deepEqual(history.series().map((point) => amount(point.counts)), [null, 0]);
});

test("a stream that starts over at an earlier position doubles nothing in the minutes", () => {
  const minutes = new Minutes(() => NOW);
  const mention = { event_at: NOW, sentiment: "positive" };
  minutes.add(mention);
  minutes.add(mention);
  minutes.tell({ start: NOW - (NOW % MINUTE), revision: 1, positive: 2, neutral: 0, negative: 0 });
  minutes.settle();
  minutes.add(mention);
  assert.equal(amount(minutes.series(() => true).at(-1).counts), 2);
  minutes.add(mention);
  minutes.add(mention);
  assert.equal(amount(minutes.series(() => true).at(-1).counts), 3);
});

test("the ring holds an hour and forgets the rest", () => {
  let now = NOW;
  const minutes = new Minutes(() => now);
  for (let step = 0; step < 500; step += 1) {
    minutes.add({ event_at: now, sentiment: "neutral" });
    now += MINUTE;
  }
  assert.ok(minutes.size <= 61);
  assert.equal(minutes.add({ event_at: now - 2 * HOUR, sentiment: "neutral" }), false);
  assert.equal(minutes.add({ event_at: now + HOUR, sentiment: "neutral" }), false);
  const series = minutes.series((start) => start > now - 10 * MINUTE);
  assert.equal(series.length, 60);
  assert.equal(series.reduce((sum, point) => sum + (amount(point.counts) ?? 0), 0), 59);
});

test("a minute without mentions is null where nobody listened", () => {
  const minutes = new Minutes(() => NOW);
  const series = minutes.series((start) => start >= NOW - 5 * MINUTE);
  assert.deepEqual(series.slice(-6).map((point) => amount(point.counts)), [null, 0, 0, 0, 0, 0]);
});
