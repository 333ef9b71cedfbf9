/* Alerts are kept once and bounded, and shown where they belong; sources that need a look come first. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { AlertLog, alertMatches, largest, lengths, SEVERITIES, subjectOf, unitOf } from "../../../api/page/js/model/alerts.js";
import { alertsQuery, NOTHING, parsed } from "../../../api/page/js/model/filter.js";
import { name, sorted, STATES, tally } from "../../../api/page/js/model/sources.js";
import { keys } from "../../../api/page/js/words.js";

const alert = (number, changes = {}) => ({ id: `a${number}`, fired_at: number, subject: "all:", platform: "", kind: "volume_spike", ...changes });

test("an alert is kept once, the newest first, and only so many", () => {
  const log = new AlertLog();
  assert.deepEqual([1, 3, 2, 3].map((number) => log.take(alert(number))), [true, true, true, false]);
  assert.deepEqual(log.list().map((one) => one.fired_at), [3, 2, 1]);
  for (let number = 10; number < 200; number += 1) log.take(alert(number));
  assert.equal(log.size, 60);
  assert.equal(log.list()[0].fired_at, 199);
  assert.equal(log.list().at(-1).fired_at, 140);
  assert.equal(log.take(alert(4)), false, "older than all that are kept");
  log.clear();
  assert.equal(log.size, 0);
});

test("an alert is shown where its subject and platform are looked at", () => {
  const about = alert(1, { subject: "symbol:BBCA.JK", platform: "x" });
  const of = (text, platform = null) => ({ ...NOTHING, ...parsed(text), platform });
  assert.ok(alertMatches(NOTHING, about));
  assert.ok(alertMatches(of("$bbca.jk"), about));
  assert.ok(alertMatches(of("$bbca.jk", "x"), about));
  assert.ok(!alertMatches(of("$bbca.jk", "news"), about));
  assert.ok(!alertMatches(of("bbca.jk"), about), "a keyword is another subject");
  assert.ok(!alertMatches(of("#bbca"), alert(2)));
  assert.deepEqual(Object.fromEntries(alertsQuery(of("$bbca.jk", "x"), 5)), { limit: "5", subject: "symbol:BBCA.JK", platform: "x" });
});

test("subjects may hold colons, and may be empty", () => {
  assert.deepEqual(subjectOf(alert(1, { subject: "source:rss/a:b" })), { kind: "source", value: "rss/a:b" });
  assert.deepEqual(subjectOf(alert(1)), { kind: "all", value: "" });
});

test("every kind has its unit, and bars are drawn to the larger figure", () => {
  assert.equal(unitOf(alert(1, { kind: "price_move" })), "price");
  assert.equal(unitOf(alert(1, { kind: "divergence" })), "share");
  assert.equal(unitOf(alert(1, { kind: "something_new" })), "number");
  assert.deepEqual(lengths({ observed: 20, expected: 5 }), [1, 0.25]);
  assert.deepEqual(lengths({ observed: -0.06, expected: 0 }), [1, 0]);
  assert.deepEqual(lengths({ observed: 0, expected: 0 }), [0, 0]);
  assert.deepEqual(largest({ b: 2, a: 2, c: 9, d: 1 }, 3), [["c", 9], ["a", 2], ["b", 2]]);
});

test("sources that need a look come first and are counted", () => {
  const source = (state, named) => ({ state, collector: "rss", source: named });
  const given = [source("ok", "b"), source("late", "z"), source("broken", "y"), source("ok", "a"), source("quiet", "c")];
  assert.deepEqual(sorted(given).map((one) => one.source), ["y", "z", "c", "a", "b"]);
  assert.deepEqual(given.map((one) => one.source), ["b", "z", "y", "a", "c"], "the given list is left as it is");
  assert.deepEqual(tally(given), [["broken", 1], ["late", 1], ["quiet", 1], ["ok", 2]]);
  assert.equal(name({ collector: "simulate", source: "simulate" }), "simulate");
  assert.equal(name({ collector: "rss", source: "detik" }), "rss · detik");
});

test("every kind, severity and state has its words", () => {
  const { en } = keys();
  const kinds = ["volume_spike", "sentiment_shift", "price_move", "divergence", "keyword", "new_topic", "source_silent"];
  const wanted = [...kinds.flatMap((kind) => [`kind_${kind}`, `said_${kind}`]), ...SEVERITIES, ...STATES.map((state) => `state_${state}`)];
  for (const state of STATES.filter((one) => one !== "ok")) wanted.push(`why_${state}`);
  assert.deepEqual(wanted.filter((key) => !en.includes(key)), []);
});
