/* The live stream: an EventSource that is watched, reopened where the browser gives up, and goes on at its position. */

import { address } from "./api.js";

const PATIENCE = 2.5;
const SLOWEST_MS = 15_000;
const FIRST_MS = 500;
/** What the page listens to. */
export const TOPICS = ["mentions", "trends", "alerts", "topics"];

/* States: connecting (never open yet), live, reconnecting (was open), stalled (open, but silent), closed. */
export class Stream {
  #query;
  #on;
  #source = null;
  #position;
  #heartbeatMs = 15_000;
  #retries = 0;
  #reopen = 0;
  #watch = 0;
  #opened = false;

  /** `on` has event(topic, data), open(data), gap(data), state(state), beat(position). Nothing is called after close(). */
  constructor(query, position, on) {
    this.#query = query;
    this.#position = position;
    this.#on = on;
  }

  get position() {
    return this.#position;
  }

  start() {
    this.#connect();
  }

  close() {
    this.#drop();
    clearTimeout(this.#reopen);
    this.#on = null;
  }

  #connect() {
    const query = new URLSearchParams(this.#query);
    // A reconnection by the browser sends Last-Event-ID, which goes before this.
    if (this.#position) query.set("last_event_id", this.#position);
    const source = new EventSource(address("stream", query));
    this.#source = source;
    this.#wind();
    const listen = (name, handle) =>
      source.addEventListener(name, (event) => {
        // The browser has an event of its own that is called open, without data.
        if (source !== this.#source || event.data === undefined) return;
        if (event.lastEventId) this.#position = event.lastEventId;
        this.#alive();
        handle(JSON.parse(event.data));
      });
    listen("open", (data) => this.#greeted(data));
    listen("heartbeat", () => this.#on?.state("live"));
    listen("reset", (data) => this.#on?.gap(data));
    listen("close", (data) => {
      // Who looks may not read any more: the page begins anew, and asks who he is.
      if (data.reason === "expired") location.reload();
      else this.#on?.state("reconnecting");
    });
    for (const topic of TOPICS) listen(topic, (data) => this.#on?.event(topic, data));
    source.addEventListener("error", () => source === this.#source && this.#failed());
  }

  #greeted(data) {
    this.#retries = 0;
    this.#opened = true;
    this.#heartbeatMs = data.heartbeat_s * 1000;
    this.#wind();
    this.#on?.state("live");
    this.#on?.open(data);
  }

  #failed() {
    this.#on?.state(this.#opened ? "reconnecting" : "connecting");
    // Refused with a status the browser does not retry, such as 503 while the api starts: then it is ours to do.
    if (this.#source.readyState === EventSource.CLOSED) this.#again();
  }

  #again() {
    this.#drop();
    clearTimeout(this.#reopen);
    const wait = Math.min(SLOWEST_MS, FIRST_MS * 2 ** this.#retries) * (0.75 + Math.random() / 2);
    this.#retries += 1;
    this.#reopen = setTimeout(() => this.#on && this.#connect(), wait);
  }

  #alive() {
    this.#wind();
    this.#on?.beat(this.#position);
  }

  /** Where nothing comes for much longer than a heartbeat takes, the connection is dead without a word. */
  #wind() {
    clearTimeout(this.#watch);
    this.#watch = setTimeout(() => {
      this.#on?.state("stalled");
      this.#again();
    }, this.#heartbeatMs * PATIENCE);
  }

  #drop() {
    clearTimeout(this.#watch);
    this.#source?.close();
    this.#source = null;
  }
}
