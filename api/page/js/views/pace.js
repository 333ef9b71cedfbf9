/* Whether a list has to be drawn again: something else is to be shown, or so much time has passed that its ages are others. */

export class Pace {
  #every;
  #drawnAt = -Infinity;
  #shown = [];

  constructor(every) {
    this.#every = every;
  }

  /** `things` are compared as they are; where this says yes, they count as drawn. */
  due(now, ...things) {
    const same = things.length === this.#shown.length && things.every((thing, index) => thing === this.#shown[index]);
    if (same && now - this.#drawnAt < this.#every) return false;
    this.#drawnAt = now;
    this.#shown = things;
    return true;
  }
}
