/* Sources: what needs a look comes first. */

export const STATES = ["broken", "throttled", "late", "quiet", "ok"];

/** By state, then by name. */
export const sorted = (sources) =>
  [...sources].sort((a, b) => STATES.indexOf(a.state) - STATES.indexOf(b.state) || name(a).localeCompare(name(b)));

/** How many of each state there are, in the same order; only those that occur. */
export const tally = (sources) =>
  STATES.map((state) => [state, sources.filter((one) => one.state === state).length]).filter(([, many]) => many);

/** What a source is called: a collector alone where its source says no more. */
export const name = ({ collector, source }) => (!source || source === collector ? collector : `${collector} · ${source}`);
