/* What who looks may read: where reading needs a token, its scopes. What may not be read is neither asked for nor shown. */

const EVERYTHING = "*";

let scopes = [EVERYTHING];

/** Learn it from the answer of `session`; an api that did not answer allows all, and refuses by itself. */
export function learn(session) {
  scopes = session?.scopes ?? [EVERYTHING];
}

export const may = (name) => scopes.includes(EVERYTHING) || scopes.includes(`read:${name}`);
