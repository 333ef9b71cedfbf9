/* Topics and curves keep the latest revision of what they are told, bounded; what is old or not known is not made up. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Curves, keyOf } from "../../../api/page/js/model/curves.js";
import { NOTHING, parsed, topicsQuery } from "../../../api/page/js/model/filter.js";
import { rises, TopicLog, topicMatches } from "../../../api/page/js/model/topics.js";

const HOUR = 3_600_000;
const NOW = 500_000 * HOUR + HOUR / 2;
const topic = (id, changes = {}) => ({
  id, revision: 1, label: "beras, harga", terms: ["beras", "harga beras", "bbca"], hashtags: { pangan: 3 }, mentions: 5, stories: 3,
  trending_score: 0, merged_into: null, last_seen: NOW - 1000, ...changes,
});
const of = (text) => ({ ...NOTHING, ...parsed(text) });

test("of a topic the latest revision counts, and one that went into another is gone for good", () => {
  const log = new TopicLog(() => NOW);
  assert.deepEqual([2, 1, 2, 3].map((revision) => log.take(topic("a", { revision, mentions: revision }))), [true, false, false, true]);
  log.take(topic("b", { trending_score: 4 }));
  assert.deepEqual(log.top(9, NOTHING).map((one) => [one.id, one.mentions]), [["b", 5], ["a", 3]]);
  log.take(topic("b", { revision: 2, merged_into: "a" }));
  assert.equal(log.take(topic("b")), false, "what the archive still says of it");
  assert.deepEqual(log.top(9, NOTHING).map((one) => one.id), ["a"]);
});

test("topics of one story, of days ago and beyond the limit are not shown; memory is bounded", () => {
  const log = new TopicLog(() => NOW);
  log.take(topic("one", { stories: 1 }));
  log.take(topic("old", { last_seen: NOW - 25 * HOUR }));
  assert.deepEqual(log.top(9, NOTHING), []);
  for (let number = 0; number < 1000; number += 1) log.take(topic(`t${number}`, { last_seen: NOW - 1000 + number }));
  assert.ok(log.size <= 400);
  assert.equal(log.top(10, NOTHING).length, 10);
  assert.ok(log.top(1000, NOTHING).some((one) => one.id === "t999"), "the latest is kept");
});

test("a score is of the hour in which a topic was last spoken of", () => {
  assert.equal(rises(topic("a", { trending_score: 7 }), NOW), 7);
  assert.equal(rises(topic("a", { trending_score: 7, last_seen: NOW - 2 * HOUR }), NOW), 0);
  assert.equal(rises(topic("a", { trending_score: -3 }), NOW), 0);
});

test("a topic is shown where its words or hashtags are looked at, and asked for by the same", () => {
  assert.ok(topicMatches(NOTHING, topic("a")));
  for (const [text, wanted] of [["harga-beras", true], ["cuaca", false], ["#pangan", true], ["#beras", false], ["$BBCA.JK", true], ["$TLKM.JK", false]]) {
    assert.equal(topicMatches(of(text), topic("a")), wanted, text);
  }
  assert.deepEqual(Object.fromEntries(topicsQuery(of("harga-beras"), 5)), { limit: "5", text: "harga beras" });
  assert.deepEqual(Object.fromEntries(topicsQuery(of("#pangan"), 5)), { limit: "5", hashtag: "pangan" });
  assert.deepEqual(Object.fromEntries(topicsQuery(NOTHING, 5)), { limit: "5" });
});

const window = (start, changes = {}) => ({ subject_kind: "keyword", subject: "beras", window: "1h", revision: 1, start, mentions: 4, baseline: 2, learnt: 9, ...changes });

test("a curve tells hours with mentions, quiet hours, and hours of which nothing is known", () => {
  const curves = new Curves(() => NOW);
  const key = keyOf(window(0));
  const hour = NOW - HOUR / 2;
  curves.take(window(hour));
  curves.begin(key);
  for (const one of [window(hour, { revision: 2, mentions: 6 }), window(hour), window(hour - 2 * HOUR, { learnt: 0 }), window(hour, { window: "1d", revision: 9, mentions: 99 }), window(hour, { subject: "cuaca", revision: 9 })]) curves.take(one);
  const points = curves.series(key, (start) => start > hour - 4 * HOUR);
  assert.deepEqual(points.map((point) => point.mentions), [null, null, null, null, 0, 4, 0, 6]);
  assert.deepEqual(points.map((point) => point.usual).slice(-3), [null, null, 2], "learnt of nothing, it is no expectation");
  assert.equal(points.at(-1).start, hour);
  assert.equal(curves.series(key, () => true).length, 24);
  assert.ok(curves.series("keyword:none", () => true).every((point) => point.mentions === null), "of a subject not begun nothing is known");
});

test("only so many curves are kept, and only their hours", () => {
  const curves = new Curves(() => NOW);
  for (let number = 0; number < 100; number += 1) curves.begin(`keyword:${number}`);
  assert.ok(curves.has("keyword:99") && !curves.has("keyword:59"));
  curves.begin("keyword:beras");
  curves.take(window(curves.from - HOUR));
  assert.equal(curves.series("keyword:beras", () => false).at(-24)?.mentions ?? null, null);
});
