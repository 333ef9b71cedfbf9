/* The documentation: the OpenAPI document as a page, with links and a button that try each operation. */

import { byId, el } from "./dom.js";
import { address, answers, groups, kind, standard } from "./model/openapi.js";

const SHOWN = 20_000;
const STREAMED_MS = 8000;

async function start() {
  const answer = await fetch("api/v1/openapi.json");
  if (!answer.ok) throw new Error(String(answer.status));
  const document = await answer.json();
  byId("about").textContent = document.info.description;
  const found = [...groups(document)];
  byId("contents").append(...found.flatMap(([, operations]) => operations.map((one) => el("a", { href: `#${one.operationId}`, click: () => open(one.operationId) }, title(one)))));
  byId("operations").append(...found.map(([tag, operations]) => el("section", {}, el("h2", {}, tag), ...operations.map((one) => section(document, one)))));
  open(decodeURIComponent(location.hash.slice(1)));
}

const title = (operation) => (operation.method === "GET" ? operation.path : `${operation.method} ${operation.path}`);

function open(id) {
  const details = byId(id);
  if (!details) return;
  details.open = true;
  details.scrollIntoView();
}

function section(document, operation) {
  const { path, method, summary, description, operationId, parameters = [], requestBody } = operation;
  const inputs = new Map(parameters.map((one) => [one.name, input(operationId, one)]));
  const body = requestBody ? el("textarea", { id: `${operationId}-body`, spellcheck: "false" }) : null;
  const shape = answers(document, operation);
  return el(
    "details", { id: operationId },
    el("summary", {}, el("span", { class: "method" }, method), el("span", { class: "path" }, path), el("span", { class: "summary" }, summary)),
    el(
      "div", { class: "body" },
      description ? el("p", {}, description) : null,
      inputs.size ? el("h3", {}, "Parameters") : null,
      el("div", { class: "parameters" }, ...parameters.map((one) => row(one, inputs.get(one.name)))),
      body ? el("h3", {}, el("label", { for: body.id }, `Body: ${requestBody.description}`)) : null,
      body,
      ...tries(operation, inputs, body),
      shape.length ? el("h3", {}, "Answer") : null,
      shape.length ? el("table", {}, ...shape.map((one) => el("tr", {}, el("td", {}, one.name), el("td", {}, el("span", { class: "kind" }, one.kind), one.description ? ` ${one.description}` : "")))) : null,
    ),
  );
}

function input(id, { name, schema, required }) {
  return el("input", { id: `${id}-${name}`, name, autocomplete: "off", spellcheck: "false", required, placeholder: standard(schema) });
}

const row = ({ name, schema, description, required }, field) =>
  el(
    "div", { class: "parameter" },
    el("label", { for: field.id }, name, required ? " *" : ""), field,
    el("span", { class: "note" }, [description, kind(schema)].filter(Boolean).join(" · ")),
  );

/** A link that opens the answer, and a button that shows it here. */
function tries(operation, inputs, body) {
  const shown = el("pre", { hidden: true, tabindex: "0" });
  const link = el("a", { target: "_blank", rel: "noopener" }, "Open");
  const told = el("span", { class: "address" });
  const current = () => address(operation.path, Object.fromEntries([...inputs].map(([name, field]) => [name, field.value.trim()])));
  const update = () => {
    link.href = current();
    told.textContent = `${operation.method} /${current()}`;
  };
  for (const field of inputs.values()) field.addEventListener("input", update);
  update();
  const button = el("button", { type: "button", click: () => run(operation, current(), body?.value, shown) }, "Try it");
  return [el("div", { class: "try" }, button, operation.method === "GET" ? link : null, told), shown];
}

async function run({ method }, url, body, shown) {
  shown.hidden = false;
  shown.textContent = "…";
  const abort = new AbortController();
  // A stream never ends: what comes within a while is shown.
  const timer = setTimeout(() => abort.abort(), url.includes("/stream") ? STREAMED_MS : 60_000);
  let text = "";
  try {
    const answer = await fetch(url, { method, body: method === "POST" ? body : undefined, signal: abort.signal });
    const head = `${answer.status} ${answer.headers.get("content-type") ?? ""}\n\n`;
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done || text.length > SHOWN) break;
      text += value;
      shown.textContent = head + text.slice(0, SHOWN);
    }
    abort.abort();
    shown.textContent = head + pretty(text) + (text.length > SHOWN ? "\n…" : "");
  } catch (error) {
    if (!text) shown.textContent = String(error);
  } finally {
    clearTimeout(timer);
  }
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2).slice(0, SHOWN);
  } catch {
    return text.slice(0, SHOWN);
  }
}

start().catch((error) => {
  const failure = byId("failure");
  failure.hidden = false;
  failure.textContent = `openapi.json: ${error.message}`;
});
