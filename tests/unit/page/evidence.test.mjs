/* Evidence without words of its own is still told plainly; a score is the sum of its parts; scopes say what is asked for. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { learn, may } from "../../../api/page/js/may.js";
import { inOneLine, plain, unknown } from "../../../api/page/js/model/evidence.js";
import { lengthOf, nameOf, PARTS, partsOf, subjectsOf } from "../../../api/page/js/model/influencers.js";
import { Pace } from "../../../api/page/js/views/pace.js";
import { keys, speak, worded } from "../../../api/page/js/words.js";

const write = { number: (value) => `n${value}`, moment: (value) => `m${value}` };

test("fields of an alert that are not known are all shown, empty ones are not", () => {
  const alert = { id: "a", terms: { x: 1 }, quiet_since: 1_700_000_000_000, smallest_removal: ["x:1", "x:2"], note: "", other: null, list: [], map: {}, zero: 0, yes: true };
  assert.deepEqual(unknown(alert).map(([name]) => name), ["quiet_since", "smallest_removal", "zero", "yes"]);
  assert.equal(plain("smallest_removal"), "Smallest removal");
});

test("any value is written in one line", () => {
  const lines = [
    ["share", 0.5, "n0.5"], ["quiet_since", 1_700_000_000_000, "m1700000000000"], ["since", 12, "n12"], ["format", 2e12, "n2000000000000"],
    ["yes", true, "true"], ["ids", ["a", 1], "a, n1"], ["parts", [{ source: "x", gone: 3, no: null }, { source: "y" }], "source: x · gone: n3, source: y"],
    ["deep", { a: { b: [1, { fired_at: 1_700_000_000_000 }] } }, "a: b: n1, fired_at: m1700000000000"], ["evil", "<b>x</b>", "<b>x</b>"],
  ];
  for (const [name, value, wanted] of lines) assert.equal(inOneLine(name, value, write), wanted);
});

test("the parts of a score and what signals take away are told with their limits", () => {
  assert.equal(Object.values(PARTS).reduce((sum, most) => sum + most, 0), 100);
  const profile = { score_reach: 30, score_engagement: 5, score_originality: 10, score_activity: 0, score_echo: 0, score_spam: -15 };
  const parts = partsOf(profile);
  assert.deepEqual(parts.map(lengthOf), [1, 0.2, 0.5, 0, 0, 1 / 3]);
  assert.equal(lengthOf({ value: 0, most: 0 }), 0);
  const { en } = keys();
  assert.deepEqual(parts.map((part) => `part_${part.name}`).filter((key) => !en.includes(key)), []);
});

test("authors are called by their handle, name or id, and write of subjects", () => {
  assert.equal(nameOf({ id: "x:1", handle: "budi", name: "Budi" }), "@budi");
  assert.equal(nameOf({ id: "x:1", handle: null, name: "Budi" }), "Budi");
  assert.equal(nameOf({ id: "x:a:b", handle: null, name: null }), "a:b");
  assert.deepEqual(subjectsOf({ topics: { "pair:a": 9, "symbol:A:B": 2, "keyword:c": 2 } }, 5), [{ kind: "keyword", subject: "c", count: 2 }, { kind: "symbol", subject: "A:B", count: 2 }]);
});

test("what the page has no words for is null, and the caller says it plainly", () => {
  speak("en");
  assert.equal(worded("kind_volume_spike"), "Volume spike");
  assert.equal(worded("kind_something_new"), null);
});

test("only what the scopes allow is asked for", () => {
  assert.ok(may("topics"), "before anything is known");
  learn({ scopes: ["read:mentions"] });
  assert.deepEqual([may("mentions"), may("topics")], [true, false]);
  learn({ scopes: ["*"] });
  assert.ok(may("topics"));
  learn(null);
  assert.ok(may("topics"));
});

test("a list is drawn again for something else, or once its ages are others", () => {
  const pace = new Pace(10);
  const thing = [];
  assert.deepEqual([pace.due(0, thing, "en"), pace.due(9, thing, "en"), pace.due(10, thing, "en"), pace.due(11, [], "en"), pace.due(12, thing, "id")], [true, false, true, true, true]);
});
