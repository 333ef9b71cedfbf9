/* The REST addresses of the api. All are relative to the page, so that a proxy may put it under a path. */

import { countedQuery, dashboardQuery, mentionsQuery } from "./model/filter.js";

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
