/* Both languages say everything; numbers, ticks and addresses are what they should be. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

import { countTicks, timeTicks } from "../../../api/page/js/charts/scale.js";
import { safeUrl } from "../../../api/page/js/dom.js";
import { keys, preferred, speak, t } from "../../../api/page/js/words.js";

const PAGE = new URL("../../../api/page/", import.meta.url);

test("both languages have the same words, and the page uses no others", () => {
  const { en, id } = keys();
  assert.deepEqual(en, id);
  const sources = readdirSync(new URL("js/", PAGE), { recursive: true }).filter((name) => name.endsWith(".js"));
  const used = new Set([...readFileSync(new URL("index.html", PAGE), "utf8").matchAll(/data-t(?:-\w+)?="(\w+)"/g)].map((hit) => hit[1]));
  for (const name of sources) {
    for (const [, key] of readFileSync(new URL(`js/${name}`, PAGE), "utf8").matchAll(/\bt\("(\w+)"/g)) used.add(key);
  }
  assert.ok(used.size > 40);
  assert.deepEqual([...used].filter((key) => !en.includes(key)), []);
});

test("the browser's preferences choose the language", () => {
  assert.equal(preferred(["id-ID", "en-US"]), "id");
  assert.equal(preferred(["fr-FR", "en-GB", "id"]), "en");
  assert.equal(preferred(["in"]), "id");
  assert.equal(preferred([]), "en");
});

test("values are filled in", () => {
  speak("id");
  assert.equal(t("pause"), "Jeda");
  assert.equal(t("usual", { count: 3 }), "biasanya 3");
  speak("en");
  assert.equal(t("usual", { count: 3 }), "usually 3");
});

test("count ticks are whole, rise from 0 and reach the top", () => {
  for (const top of [0, 1, 2, 3, 7, 10, 31, 99, 100, 101, 2500, 1_234_567]) {
    const ticks = countTicks(top);
    assert.equal(ticks[0], 0);
    assert.ok(ticks.at(-1) >= top && ticks.length >= 2 && ticks.length <= 5, `${top}: ${ticks}`);
    assert.ok(ticks.every(Number.isInteger), `${top}: ${ticks}`);
  }
});

test("time ticks stand on round times in WIB and are not too many", () => {
  const from = Date.UTC(2026, 9, 5, 1, 0);
  for (const [hours, most] of [[1, 8], [24, 4], [168, 8], [720, 5], [2160, 12]]) {
    const ticks = timeTicks(from, from + hours * 3_600_000, most);
    assert.ok(ticks.length >= 1 && ticks.length <= most + 1, `${hours} h: ${ticks.length}`);
  }
  const labels = timeTicks(from, from + 24 * 3_600_000, 4).map((tick) => tick.label);
  assert.deepEqual(labels, ["12:00", "18:00", "6 Oct", "06:00"]);
});

test("only web addresses may be opened", () => {
  assert.equal(safeUrl("https://example.org/a"), "https://example.org/a");
  for (const bad of ["javascript:alert(1)", "data:text/html,x", "/relative", "", null, "not a url"]) assert.equal(safeUrl(bad), null);
});
