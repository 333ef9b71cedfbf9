/* Shares of a whole as labelled horizontal bars. */

import { el, say } from "../dom.js";
import { count, percent } from "../format.js";

export class Shares {
  #rows = new Map();
  #list;

  constructor(parent) {
    this.#list = el("dl", { class: "shares-list" });
    parent.append(this.#list);
  }

  /** `parts` are {name, label, value}; rows are kept and changed, so that bars can move. */
  show(parts) {
    const total = parts.reduce((sum, part) => sum + part.value, 0);
    for (const { name, label, value } of parts) {
      const row = this.#row(name);
      const share = total ? value / total : 0;
      say(row.label, label);
      say(row.share, total ? percent(share) : "–");
      say(row.value, total ? count(value) : "");
      row.bar.style.transform = `scaleX(${share.toFixed(4)})`;
    }
  }

  #row(name) {
    if (!this.#rows.has(name)) {
      const row = {
        label: el("dt"), share: el("span", { class: "share" }), value: el("span", { class: "value" }),
        bar: el("span", { class: `fill ${name}` }),
      };
      this.#list.append(el("div", {}, row.label, el("dd", {}, el("span", { class: "track", "aria-hidden": "true" }, row.bar), row.share, row.value)));
      this.#rows.set(name, row);
    }
    return this.#rows.get(name);
  }
}
