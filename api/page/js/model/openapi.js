/* What the documentation shows of an OpenAPI document. */

const METHODS = ["get", "post", "put", "patch", "delete"];

/** All operations in the order of the document, by their first tag. */
export function groups(document) {
  const found = new Map();
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const method of METHODS.filter((name) => methods[name])) {
      const operation = { path, method: method.toUpperCase(), ...methods[method] };
      const tag = operation.tags?.[0] ?? "";
      if (!found.has(tag)) found.set(tag, []);
      found.get(tag).push(operation);
    }
  }
  return found;
}

/** A JSON Schema as a few words: "text", "list of 1h|1d", "integer ≥ 1, ≤ 500". */
export function kind(schema) {
  if (!schema) return "";
  if (schema.$ref) return schema.$ref.split("/").at(-1);
  if (schema.anyOf) return [...new Set(schema.anyOf.filter((one) => one.type !== "null").map(kind))].join(" or ");
  if (schema.enum) return schema.enum.filter((one) => one !== null).join(" | ");
  const types = [schema.type].flat().filter((one) => one && one !== "null");
  if (types.includes("array")) return `list of ${kind(schema.items) || "values"}`;
  if (types.includes("object")) return schema.additionalProperties ? `map of ${kind(schema.additionalProperties)}` : "object";
  const choice = schema.pattern?.match(/^\^\(([\w|]+)\)\$$/)?.[1];
  if (choice) return choice.replaceAll("|", " | ");
  const bounds = [schema.minimum === undefined ? "" : `≥ ${schema.minimum}`, schema.maximum === undefined ? "" : `≤ ${schema.maximum}`];
  return [types.join(" or "), bounds.filter(Boolean).join(", ")].filter(Boolean).join(" ");
}

/** What stands when nothing is given; empty where that is nothing. */
export function standard(schema) {
  const value = schema?.default;
  if (value === undefined || value === null) return "";
  return Array.isArray(value) ? value.join(",") : String(value);
}

/** The schema that a reference names. */
export function resolved(document, schema) {
  if (!schema?.$ref) return schema;
  return schema.$ref.split("/").slice(1).reduce((at, name) => at?.[name], document);
}

/** The address that asks for what was filled in; relative to where the page is. */
export function address(path, values) {
  const given = Object.entries(values).filter(([, value]) => value !== "");
  const query = new URLSearchParams(given.filter(([name]) => !path.includes(`{${name}}`)));
  const filled = given.reduce((at, [name, value]) => at.replace(`{${name}}`, encodeURIComponent(value)), path);
  const text = query.toString();
  return filled.replace(/^\//, "") + (text ? `?${text}` : "");
}

/** Properties of the answer to an operation: name, kind, description; those of list items after a dot. */
export function answers(document, operation) {
  const content = operation.responses?.["200"]?.content ?? {};
  const schema = Object.values(content)[0]?.schema;
  return schema ? properties(document, schema, "") : [];
}

function properties(document, schema, before, depth = 0) {
  const given = resolved(document, schema);
  const rows = [];
  for (const [name, one] of Object.entries(given?.properties ?? {})) {
    const list = [one.type].flat().includes("array");
    const label = before + name + (list ? "[]" : "");
    rows.push({ name: label, kind: kind(one), description: one.description ?? "" });
    const inner = resolved(document, list ? one.items : one);
    if (inner?.properties && depth < 1) rows.push(...properties(document, inner, `${label}.`, depth + 1));
  }
  return rows;
}
