/* A row that opens: its evidence is made when it is opened, and anew where it has changed while nobody is in it. */

import { el } from "../dom.js";

export class Fold {
  #details;
  #body = el("div", { class: "evidence" });
  #evidence;
  #signature = "";
  #made = null;

  /** `evidence()` gives the children of what opens; `opened()` is called each time it was opened. */
  constructor(id, kind, summary, evidence, opened = () => {}) {
    this.#evidence = evidence;
    this.#details = el("details", { class: `fold ${kind}` }, el("summary", {}, ...summary), this.#body);
    this.#details.addEventListener("toggle", () => {
      if (!this.#details.open) return;
      opened();
      this.refresh();
    });
    this.element = el("li", { "data-id": id }, this.#details);
  }

  get open() {
    return this.#details.open;
  }

  /** Make the evidence anew where `signature` is another one; while the focus is within, the next time. */
  refresh(signature = this.#signature) {
    this.#signature = signature;
    if (!this.open || signature === this.#made || this.#body.contains(document.activeElement)) return;
    this.#made = signature;
    this.#body.replaceChildren(...this.#evidence().filter((part) => part !== null));
  }
}
