/* Words with their counts in one line, and subjects as buttons that filter. */

import { el } from "../dom.js";
import { count } from "../format.js";
import { written } from "../model/filter.js";
import { t } from "../words.js";

/** A labelled line of [name, count]; nothing where there are none. */
export function counted(label, entries) {
  if (!entries.length) return null;
  return el("p", { class: "counted" }, el("span", { class: "note" }, label), ...entries.map(([name, many]) => el("span", { class: "word" }, name, many === null ? null : el("b", {}, count(many)))));
}

/** A labelled line of subjects {kind, subject, count}; a click picks one. */
export function subjects(label, entries, pick) {
  if (!entries.length) return null;
  const chips = entries.map(({ kind, subject, count: many }) => {
    const name = written(kind, subject);
    return el("button", { type: "button", class: "tag", "aria-label": t("filterBy", { subject: name }), click: () => pick(kind, subject) }, name, el("b", {}, count(many)));
  });
  return el("p", { class: "counted" }, el("span", { class: "note" }, label), ...chips);
}
