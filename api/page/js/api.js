/* The REST addresses of the api. All are relative to the page, so that a proxy may put it under a path. */

import { alertsQuery, countedQuery, dashboardQuery, mentionsQuery, topicsQuery } from "./model/filter.js";

const HOUR = 3_600_000;

/** An address of the api. */
export function address(path, query) {
  const url = new URL(`api/v1/${path}`, document.baseURI);
  url.search = query.toString();
  return url.href;
}

/** The answer as JSON; throws where there is none or it is an error. */
async function get(path, query, signal) {
  const answer = await fetch(address(path, query), { signal, headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

export const mentions = (filter, limit, signal) => get("mentions", mentionsQuery(filter, limit), signal);
export const stats = (filter, period, signal) => get("dashboard/stats", dashboardQuery(filter, period), signal);
export const history = (filter, period, signal) => get("dashboard/sentiment-trend", dashboardQuery(filter, period), signal);

export const alerts = (filter, limit, signal) => get("alerts", alertsQuery(filter, limit), signal);
export const stories = async (filter, limit, signal) => (await get("stories", alertsQuery(filter, limit), signal)).stories;
/** The posts of a story, newest first. */
export const storyPosts = async (id, limit, signal) =>
  (await get(`stories/${encodeURIComponent(id)}`, new URLSearchParams({ limit }), signal)).posts;
/** Topics of what is looked at, those that rise most first. */
export const topics = async (filter, limit, signal) => (await get("topics", topicsQuery(filter, limit), signal)).topics;
/** Stories of a topic, those that joined last first. */
export const topicStories = async (id, limit, signal) =>
  (await get(`topics/${encodeURIComponent(id)}`, new URLSearchParams({ limit }), signal)).stories;
/** Authors, the highest score first; `flagged`: only those with signals of spam or coordination. */
export const influencers = async (filter, flagged, limit, signal) => {
  const query = alertsQuery(filter, limit);
  if (flagged) query.set("flagged", true);
  return (await get("influencers", query, signal)).influencers;
};
export const sources = async (signal) => (await get("sources", new URLSearchParams(), signal)).sources;

/** Landed mentions by their ids. */
export const mentionsById = async (ids, signal) =>
  (await get("mentions", new URLSearchParams({ id: ids.join(","), limit: 100 }), signal)).mentions;

/** Bars of a symbol that start between two times, oldest first. */
export const bars = async (symbol, interval, from, to, signal) =>
  (await get("market/bars", new URLSearchParams({ symbol, interval, from, to, limit: 10_000 }), signal)).bars;

/** The newest quote of a symbol, or null. */
export const quote = async (symbol, signal) => (await get("market/quotes", new URLSearchParams({ symbol }), signal)).quotes[0] ?? null;

/** The windows that count what the filter shows, since a time. */
export const counted = async (filter, window, since, signal) =>
  (await get("trends", countedQuery(filter, window, since), signal)).trends;

/** The highest scored windows of this hour and the one before. */
export async function rising(platform, signal) {
  const now = Date.now();
  const query = new URLSearchParams({
    window: "1h", since: now - (now % HOUR) - HOUR, kind: "keyword,symbol,hashtag", platform: platform ?? "all", per_subject: 2, limit: 200,
  });
  return (await get("trends", query, signal)).trends;
}

/** The windows of an hour of some subjects since a time. */
export async function curves(trends, platform, since, signal) {
  const query = new URLSearchParams({ window: "1h", since, platform: platform ?? "all", per_subject: 25, limit: 1000, sort: "start" });
  for (const kind of new Set(trends.map((trend) => trend.subject_kind))) query.append("kind", kind);
  for (const subject of new Set(trends.map((trend) => trend.subject))) query.append("subject", subject);
  return (await get("trends", query, signal)).trends;
}
