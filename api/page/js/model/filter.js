/* The filter: one subject (keyword, symbol, hashtag or pair of words), platform, sentiment; and what each address is asked for it.

   The api filters mentions by keyword and symbol. Hashtags and pairs are no parameters of the stream, so they are sifted here. */

export const SENTIMENTS = ["positive", "neutral", "negative"];
export const PERIODS = ["24h", "7d", "30d", "90d"];
export const NOTHING = Object.freeze({ kind: null, subject: null, platform: null, sentiment: null });

/** The subject a person typed: `$BBCA.JK` or `BBCA.JK` a symbol, `#ihsg` a hashtag, `"gempa bandung"` a pair, anything else a keyword. */
export function parsed(text) {
  const word = text.trim();
  if (word.length > 1 && word.startsWith("#")) return { kind: "hashtag", subject: word.slice(1).toLowerCase() };
  if (word.length > 1 && word.startsWith("$")) return { kind: "symbol", subject: word.slice(1).toUpperCase() };
  const pair = /^"(\S+) (\S+)"$/.exec(word.toLowerCase());
  if (pair) return { kind: "pair", subject: pair.slice(1).sort().join(" ") };
  if (/^[A-Z0-9]{1,6}\.[A-Z]{1,3}$/.test(word)) return { kind: "symbol", subject: word };
  return word ? { kind: "keyword", subject: word } : { kind: null, subject: null };
}

/** Kinds of subject that can be named, and filtered by. */
export const NAMEABLE = ["keyword", "symbol", "hashtag", "pair"];

const MARKS = { hashtag: "#", symbol: "$", keyword: "" };

/** The subject as it is typed and shown. */
export const written = (kind, subject) => (kind === "pair" ? `"${subject}"` : kind ? MARKS[kind] + subject : "");

/** The filter and period that a location hash carries; what is not understood is left out. */
export function fromHash(hash) {
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  const sentiment = given.get("sentiment");
  const period = given.get("period");
  return {
    filter: {
      ...parsed(given.get("subject") ?? ""),
      platform: given.get("platform") || null,
      sentiment: SENTIMENTS.includes(sentiment) ? sentiment : null,
    },
    period: PERIODS.includes(period) ? period : "24h",
  };
}

/** The hash that brings somebody else to the same view. */
export function toHash(filter, period) {
  const out = new URLSearchParams();
  if (filter.kind) out.set("subject", written(filter.kind, filter.subject));
  if (filter.platform) out.set("platform", filter.platform);
  if (filter.sentiment) out.set("sentiment", filter.sentiment);
  if (period !== "24h") out.set("period", period);
  return out.toString();
}

/** Query of the live stream of some topics. `platform=all` asks of trends for the sum over platforms alone. */
export function streamQuery(filter, period, topics) {
  const query = new URLSearchParams({
    topics: topics.join(","),
    platform: filter.platform ?? "all",
    window: dayBins(period) ? "1m,1h,1d" : "1m,1h",
  });
  if (filter.kind === "keyword" || filter.kind === "symbol") query.set(filter.kind, filter.subject);
  if (filter.sentiment) query.set("sentiment", filter.sentiment);
  return query;
}

/** Of a pair the word that says more: what holds both is sifted here. */
const longerWord = (filter) => filter.subject.split(" ").sort((a, b) => b.length - a.length)[0];

/** Query of landed mentions. */
export function mentionsQuery(filter, limit) {
  const query = new URLSearchParams({ limit });
  if (filter.kind === "hashtag") query.set("q", `#${filter.subject}`);
  else if (filter.kind === "pair") query.set("q", longerWord(filter));
  else if (filter.kind) query.set(filter.kind, filter.subject);
  if (filter.platform) query.set("platform", filter.platform);
  if (filter.sentiment) query.set("sentiment", filter.sentiment);
  return query;
}

/** Query of landed alerts, of stories, or of influencers. */
export function alertsQuery(filter, limit) {
  const query = new URLSearchParams({ limit });
  if (filter.kind) query.set("subject", `${filter.kind}:${filter.subject}`);
  if (filter.platform) query.set("platform", filter.platform);
  return query;
}

/** The words that a topic of the filter's subject has in its label or one of its terms; empty for any. */
export function topicWords(filter) {
  if (filter.kind === "symbol") return filter.subject.split(".")[0].toLowerCase();
  if (filter.kind === "pair") return longerWord(filter);
  return filter.kind === "keyword" ? filter.subject.replaceAll("-", " ").toLowerCase() : "";
}

/** Query of landed topics, which are of all platforms and moods. */
export function topicsQuery(filter, limit) {
  const query = new URLSearchParams({ limit });
  if (filter.kind === "hashtag") query.set("hashtag", filter.subject);
  else if (filter.kind) query.set("text", topicWords(filter));
  return query;
}

/** Query of the dashboard, which knows keywords but neither symbols nor hashtags. */
export function dashboardQuery(filter, period) {
  const query = new URLSearchParams({ period, tz: "Asia/Jakarta" });
  if (filter.kind === "keyword") query.set("keyword", filter.subject);
  if (filter.platform) query.set("platform", filter.platform);
  return query;
}

/** Whether the dashboard's counts are this filter's; otherwise they say only what was covered. */
export const dashboardCounts = (filter) => filter.kind === null || filter.kind === "keyword";

/** Query of the trend windows that count what this filter shows. */
export function countedQuery(filter, window, since) {
  const query = new URLSearchParams({
    window, since, kind: filter.kind ?? "all", platform: filter.platform ?? "all", per_subject: 1000, limit: 1000, sort: "start",
  });
  if (filter.kind) query.set("subject", filter.subject);
  return query;
}

/** Whether a trend counts what this filter shows (of all sentiments). */
export function counts(filter, trend) {
  return (
    trend.subject_kind === (filter.kind ?? "all") &&
    trend.subject === (filter.subject ?? "") &&
    trend.platform === (filter.platform ?? "")
  );
}

/** Whether a mention of a stream with this filter is meant: all are, but for hashtags and pairs, which are sifted here. */
export function matches(filter, mention) {
  if (filter.kind === "hashtag") return mention.hashtags.includes(filter.subject);
  if (filter.kind !== "pair") return true;
  const said = `${mention.title ?? ""} ${mention.text}`.toLowerCase();
  return filter.subject.split(" ").every((word) => said.includes(word));
}

/** Whether the stream of this filter carries the trends of all subjects. */
export const carriesAllTrends = (filter) => [null, "hashtag", "pair"].includes(filter.kind);

export const dayBins = (period) => period === "30d" || period === "90d";
