/* Follows the live stream in a page of the api's own origin, through restarts of the api, without a loss or a repeat. */

/** Calls `seen(topic, event)` for each event; `missed(data)` where some could not be given. Returns a function that ends it. */
export function follow(query, seen, missed) {
  let last = "";
  let source;
  let again = 0;

  function open() {
    const wanted = new URLSearchParams(query);
    // When the browser reconnects by itself it sends Last-Event-ID, which goes before this.
    if (last) wanted.set("last_event_id", last);
    source = new EventSource(`/api/v1/stream?${wanted}`);
    const listen = (name, handle) =>
      source.addEventListener(name, (event) => {
        // The browser has an event of its own called open, without data.
        if (event.data === undefined) return;
        last = event.lastEventId || last;
        handle(JSON.parse(event.data));
      });
    for (const topic of wanted.get("topics").split(",")) listen(topic, (data) => seen(topic, data));
    listen("heartbeat", () => {});
    listen("open", () => {});
    listen("reset", missed);
    source.addEventListener("error", () => {
      // A lost connection the browser opens again; after an answer such as 503 it gives up, and we open another.
      if (source.readyState === EventSource.CLOSED) again = setTimeout(open, 1000 + 1000 * Math.random());
    });
  }

  open();
  return () => {
    clearTimeout(again);
    source.close();
  };
}
