/* What is typed becomes a filter, and every address is asked for just that. */

import assert from "node:assert/strict";
import { test } from "node:test";

import * as filter from "../../../api/page/js/model/filter.js";

const of = (text, more = {}) => ({ ...filter.NOTHING, ...filter.parsed(text), ...more });

test("subjects are recognised as people write them", () => {
  assert.deepEqual(filter.parsed("  harga beras "), { kind: "keyword", subject: "harga beras" });
  assert.deepEqual(filter.parsed("$bbca.jk"), { kind: "symbol", subject: "BBCA.JK" });
  assert.deepEqual(filter.parsed("BBCA.JK"), { kind: "symbol", subject: "BBCA.JK" });
  assert.deepEqual(filter.parsed("#IHSG"), { kind: "hashtag", subject: "ihsg" });
  assert.deepEqual(filter.parsed('"Gempa Bandung"'), { kind: "pair", subject: "bandung gempa" });
  for (const empty of ["", "   "]) assert.deepEqual(filter.parsed(empty), { kind: null, subject: null });
  for (const lone of ["$", "#"]) assert.equal(filter.parsed(lone).kind, "keyword");
});

test("a view survives its address", () => {
  for (const text of ["", "harga & beras", "$BBCA.JK", "#a=b&c", "100%", '"bandung gempa"']) {
    for (const more of [{}, { platform: "x", sentiment: "negative" }]) {
      const wanted = { filter: of(text, more), period: "30d" };
      assert.deepEqual(filter.fromHash(`#${filter.toHash(wanted.filter, wanted.period)}`), wanted);
    }
  }
  assert.deepEqual(filter.fromHash("#sentiment=angry&period=1y"), { filter: filter.NOTHING, period: "24h" });
});

test("the stream is asked for the filter", () => {
  const plain = filter.streamQuery(filter.NOTHING, "24h", ["mentions", "topics"]);
  assert.deepEqual(Object.fromEntries(plain), { topics: "mentions,topics", platform: "all", window: "1m,1h" });
  const narrow = filter.streamQuery(of("$TLKM.JK", { platform: "x", sentiment: "positive" }), "90d", ["mentions"]);
  assert.deepEqual(Object.fromEntries(narrow), {
    topics: "mentions", platform: "x", window: "1m,1h,1d", symbol: "TLKM.JK", sentiment: "positive",
  });
  assert.equal(filter.streamQuery(of("#ihsg"), "24h", ["mentions"]).has("hashtag"), false);
});

test("a pair is asked for by its longer word, and sifted here", () => {
  const pair = of('"bandung gempa"');
  assert.equal(filter.mentionsQuery(pair, 5).get("q"), "bandung");
  assert.equal(filter.matches(pair, { title: "Gempa", text: "terasa sampai Bandung" }), true);
  assert.equal(filter.matches(pair, { title: null, text: "macet di Bandung" }), false);
  assert.equal(filter.carriesAllTrends(pair), true);
});

test("a hashtag is sifted here, everything else by the api", () => {
  const mention = { hashtags: ["ihsg"] };
  assert.equal(filter.matches(of("#ihsg"), mention), true);
  assert.equal(filter.matches(of("#saham"), mention), false);
  assert.equal(filter.matches(of("beras"), mention), true);
});

test("only the windows of the filter's own subject and platform count", () => {
  const trend = { subject_kind: "keyword", subject: "beras", platform: "" };
  assert.equal(filter.counts(of("beras"), trend), true);
  assert.equal(filter.counts(of("beras", { platform: "x" }), trend), false);
  assert.equal(filter.counts(filter.NOTHING, trend), false);
  assert.equal(filter.counts(filter.NOTHING, { subject_kind: "all", subject: "", platform: "" }), true);
});
