/* The connection's state, in a word and in detail, and the notice of a gap. */

import { byId, el, say } from "../dom.js";
import { ago, count, seconds, whole } from "../format.js";
import { t } from "../words.js";

export class StatusView {
  #box = byId("status");
  #rows = new Map();
  #why = null;

  constructor() {
    byId("gap-close").addEventListener("click", () => {
      this.#why = null;
      byId("gap").hidden = true;
    });
    document.addEventListener("click", (event) => {
      if (!this.#box.contains(event.target)) this.#box.open = false;
    });
    this.#box.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      this.#box.open = false;
      this.#box.firstElementChild.focus();
    });
  }

  /** The stream told of a gap; `reasons` are the api's. */
  gap(reasons) {
    this.#why = reasons;
    byId("gap").hidden = false;
    this.words();
  }

  words() {
    if (this.#why) say(byId("gap-text"), t("gapText", { why: this.#why.map((reason) => t(reason)).join(", ") }));
  }

  show(session, now) {
    this.#box.dataset.state = session.state;
    say(byId("status-text"), t(session.state));
    say(byId("status-age"), session.newestAt ? t("lastEvent", { age: ago(now - session.newestAt) }) : "");
    byId("failure").hidden = session.archive;
    say(byId("failure"), session.archive ? "" : t("failure"));
    if (!this.#box.open) return;
    this.#row("lastMention", session.newestAt ? whole(session.newestAt) : t("none"));
    this.#row("lastFrame", session.heardAt ? `${seconds(session.heardAt)} (${ago(now - session.heardAt)})` : t("none"));
    this.#row("reconnects", count(session.reconnects));
    this.#row("gaps", count(session.gaps));
    this.#row("position", session.position ?? t("none"));
  }

  #row(key, value) {
    if (!this.#rows.has(key)) {
      const row = [el("dt"), el("dd")];
      byId("status-more").append(...row);
      this.#rows.set(key, row);
    }
    const [name, text] = this.#rows.get(key);
    say(name, t(key));
    say(text, value);
  }
}
