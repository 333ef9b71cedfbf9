/* A segmented control: radio buttons that look like one switch, so that arrow keys work as everywhere. */

import { el } from "../dom.js";

export class Choice {
  #box;
  #name;
  #options = [];
  #pick;

  constructor(fieldset, name, pick) {
    this.#box = fieldset.querySelector(".options");
    this.#name = name;
    this.#pick = pick;
  }

  /** `options` are {value, label, kind?}; built anew only in another language. */
  show(options, value) {
    const signature = JSON.stringify(options);
    if (this.#box.dataset.signature !== signature) {
      this.#box.dataset.signature = signature;
      this.#options = options.map((option) => ({ ...option, input: this.#input(option) }));
      this.#box.replaceChildren(
        ...this.#options.map(({ input, label, kind }) => el("label", { class: kind ?? null }, input, el("span", {}, label))),
      );
    }
    for (const option of this.#options) option.input.checked = option.value === value;
  }

  #input({ value }) {
    return el("input", { type: "radio", name: this.#name, value: value ?? "", change: () => this.#pick(value) });
  }
}
