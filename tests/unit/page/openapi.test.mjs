/* What the documentation makes of an OpenAPI document. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { address, answers, groups, kind, resolved, standard } from "../../../api/page/js/model/openapi.js";

const DOCUMENT = {
  paths: {
    "/a": { get: { tags: ["one"], responses: { 200: { content: { "application/json": { schema: {
      type: "object", properties: { bars: { type: "array", items: { $ref: "#/components/schemas/Bar" } }, next: { type: ["string", "null"], description: "cursor" } },
    } } } } } }, post: { tags: ["two"], responses: {} } },
    "/b": { get: { tags: ["one"], responses: { 200: { content: { "text/plain": {} } } } } },
  },
  components: { schemas: { Bar: { type: "object", properties: { close: { type: "number", description: "last price" } } } } },
};

test("operations are grouped by tag, each method for itself", () => {
  const found = groups(DOCUMENT);
  assert.deepEqual([...found.keys()], ["one", "two"]);
  assert.deepEqual(found.get("one").map((one) => `${one.method} ${one.path}`), ["GET /a", "GET /b"]);
});

test("schemas are said in a few words", () => {
  assert.equal(kind({ type: "array", items: { type: "string", pattern: "^(1m|1d)$" } }), "list of 1m | 1d");
  assert.equal(kind({ type: "integer", minimum: 1, maximum: 500 }), "integer ≥ 1, ≤ 500");
  assert.equal(kind({ anyOf: [{ type: ["integer", "string"] }, { type: "null" }] }), "integer or string");
  assert.equal(kind({ type: ["string", "null"], enum: ["a", "b", null] }), "a | b");
  assert.equal(kind({ $ref: "#/components/schemas/Bar" }), "Bar");
  assert.equal(kind({ type: "object", additionalProperties: { type: "number" } }), "map of number");
  assert.equal(standard({ default: ["mentions"] }), "mentions");
  assert.equal(standard({ default: null }), "");
  assert.equal(standard({ default: 0 }), "0");
});

test("answers are listed with what their lists hold", () => {
  assert.deepEqual(answers(DOCUMENT, DOCUMENT.paths["/a"].get).map((one) => one.name), ["bars[]", "bars[].close", "next"]);
  assert.deepEqual(answers(DOCUMENT, DOCUMENT.paths["/b"].get), []);
  assert.deepEqual(answers(DOCUMENT, DOCUMENT.paths["/a"].post), []);
  assert.equal(resolved(DOCUMENT, { $ref: "#/components/schemas/Nope" }), undefined);
});

test("the address holds only what was filled in", () => {
  assert.equal(address("/api/v1/sql", { query: "SELECT 1 & 2", format: "" }), "api/v1/sql?query=SELECT+1+%26+2");
  assert.equal(address("/health", {}), "health");
  assert.equal(address("/api/v1/stories/{id}", { id: "a/b", limit: "2" }), "api/v1/stories/a%2Fb?limit=2");
});
