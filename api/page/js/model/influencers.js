/* Influencers: the parts of a score, and how much each may be. */

/* In the order of the profile's own documentation; together they are at most 100. */
export const PARTS = Object.freeze({ reach: 30, engagement: 25, originality: 20, activity: 10, echo: 15 });

/** The parts of a score: {name, value, most}, and last what its signals take away (`most` is then what there was to take). */
export function partsOf(profile) {
  const given = Object.entries(PARTS).map(([name, most]) => ({ name, value: profile[`score_${name}`], most }));
  const all = given.reduce((sum, part) => sum + part.value, 0);
  return [...given, { name: "spam", value: profile.score_spam, most: all }];
}

/** Length of a part's bar, 0 to 1. */
export const lengthOf = ({ value, most }) => (most > 0 ? Math.min(1, Math.abs(value) / most) : 0);

/** What an author is called. */
export const nameOf = ({ id, handle, name }) => (handle ? `@${handle}` : name || id.slice(id.indexOf(":") + 1));

/** Subjects as kind and value, the most frequent first, only those that one may filter by. */
export function subjectsOf(profile, limit) {
  return Object.entries(profile.topics)
    .sort(([a, one], [b, other]) => other - one || (a < b ? -1 : 1))
    .map(([subject, count]) => ({ kind: subject.slice(0, subject.indexOf(":")), subject: subject.slice(subject.indexOf(":") + 1), count }))
    .filter(({ kind }) => ["keyword", "symbol", "hashtag"].includes(kind))
    .slice(0, limit);
}
