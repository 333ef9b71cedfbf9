/* Moods as one thin bar of three parts. */

import { el } from "../dom.js";
import { count } from "../format.js";
import { SENTIMENTS } from "../model/filter.js";
import { t } from "../words.js";

export class Mix {
  element = el("span", { class: "mix", role: "img" }, ...SENTIMENTS.map((name) => el("span", { class: name })));

  /** `counts` has a number of each mood. */
  show(counts) {
    const label = SENTIMENTS.map((name) => `${t(name)} ${count(counts[name])}`).join(", ");
    if (this.element.title !== label) {
      this.element.title = label;
      this.element.setAttribute("aria-label", label);
    }
    SENTIMENTS.forEach((name, index) => {
      this.element.children[index].style.flexGrow = counts[name];
    });
  }
}
