/* What the page remembers is bounded, and the ranking takes the latest revision. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Arrivals, RecentIds, RecentShares } from "../../../api/page/js/model/recent.js";
import { Rising } from "../../../api/page/js/model/rising.js";

const HOUR = 3_600_000;
const NOW = 1_790_000_000_000;
const START = NOW - (NOW % HOUR);

const trend = (subject, changes = {}) => {
  const found = { subject_kind: "keyword", subject, window: "1h", start: START, revision: 1, mentions: 5, display_score: 50, ...changes };
  return { id: `${found.subject_kind}:${subject}::1h:${found.start}`, ...found };
};

test("ids are remembered once and only so many", () => {
  const ids = new RecentIds(3);
  assert.deepEqual(["a", "a", "b", "c", "d", "a"].map((id) => ids.add(id)), [true, false, true, true, true, true]);
  assert.equal(ids.size, 3);
});

test("shares are of the last things only", () => {
  const shares = new RecentShares(4);
  for (const name of ["joy", "joy", "fear", "love", "anger", "anger"]) shares.add(name);
  assert.deepEqual(Object.fromEntries(shares.counts()), { fear: 1, love: 1, anger: 2 });
});

test("arrivals leave after their time", () => {
  let now = NOW;
  const arrivals = new Arrivals(60, () => now);
  arrivals.add();
  arrivals.add();
  now += 30_000;
  arrivals.add();
  assert.equal(arrivals.total(), 3);
  assert.equal(arrivals.series().at(-1), 1);
  now += 30_000;
  assert.equal(arrivals.total(), 1);
  now += 3_600_000;
  assert.equal(arrivals.total(), 0);
});

test("a higher revision replaces, a lower one is ignored, the better of two hours counts", () => {
  const rising = new Rising(() => NOW);
  rising.take(trend("beras", { revision: 2, display_score: 80 }));
  rising.take(trend("beras", { revision: 1, display_score: 99 }));
  rising.take(trend("bbca", { display_score: 10 }));
  rising.take(trend("bbca", { start: START - HOUR, display_score: 85 }));
  assert.deepEqual(rising.top(5).map((one) => [one.subject, one.display_score]), [["bbca", 85], ["beras", 80]]);
});

test("a pair of words rises beside other subjects", () => {
  const rising = new Rising(() => NOW);
  rising.take(trend("bandung gempa", { subject_kind: "pair", id: "pair:bandung gempa", display_score: 70 }));
  rising.take(trend("beras", { display_score: 40 }));
  assert.deepEqual(rising.top(5).map((one) => one.subject), ["bandung gempa", "beras"]);
});

test("old windows, other windows and unnamed subjects do not rise", () => {
  const rising = new Rising(() => NOW);
  rising.take(trend("old", { start: START - 2 * HOUR }));
  rising.take(trend("minute", { window: "1m" }));
  rising.take(trend("", { subject_kind: "all" }));
  rising.take(trend("silent", { display_score: 0 }));
  assert.deepEqual(rising.top(5), []);
});

test("the ranking is bounded and keeps what is much mentioned", () => {
  const rising = new Rising(() => NOW);
  for (let number = 0; number < 5000; number += 1) rising.take(trend(`s${number}`, { mentions: 1 + (number % 7) }));
  rising.take(trend("big", { mentions: 900, display_score: 100 }));
  for (let number = 0; number < 5000; number += 1) rising.take(trend(`t${number}`, { mentions: 1 }));
  assert.ok(rising.size <= 1500);
  assert.equal(rising.top(1)[0].subject, "big");
});
