/* A figure as a labelled bar: a term and its description, for a list of such. */

import { el } from "../dom.js";

/** `label` are texts or elements, `text` the figure as it is written, `length` of the bar 0 to 1, `kind` its class. */
export const measure = (label, text, length, kind) => [
  el("dt", {}, ...label),
  el("dd", {}, el("span", { class: "track", "aria-hidden": "true" }, scaled(el("span", { class: `fill ${kind}` }), length)), el("span", { class: "share" }, text)),
];

function scaled(element, length) {
  element.style.transform = `scaleX(${length.toFixed(4)})`;
  return element;
}
