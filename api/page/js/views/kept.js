/* A list whose rows are kept by key: an open one stays open, a focused one focused. */

export class Kept {
  #list;
  #make;
  #still;
  #rows = new Map();

  /** `make(item)` gives a row: {element, fill(item)}. `still`: while a row is open, none changes its place. */
  constructor(list, make, { still = false } = {}) {
    this.#list = list;
    this.#make = make;
    this.#still = still;
  }

  /** Show just these, in this order; `keyOf(item)` tells them apart. */
  show(items, keyOf = (item) => item.id) {
    const wanted = new Map(items.map((item) => [keyOf(item), item]));
    const held = this.#still && this.open.length > 0;
    for (const [key, row] of this.#rows) {
      if (wanted.has(key) || (held && isOpen(row))) continue;
      row.element.remove();
      this.#rows.delete(key);
    }
    // While it is held, what is new goes to the end.
    const order = held ? [...this.#inPlace(), ...[...wanted.keys()].filter((key) => !this.#rows.has(key))] : [...wanted.keys()];
    order.forEach((key, index) => {
      const item = wanted.get(key);
      const row = this.#rows.get(key) ?? this.#make(item);
      this.#rows.set(key, row);
      if (item) row.fill?.(item);
      if (this.#list.children[index] !== row.element) this.#list.insertBefore(row.element, this.#list.children[index] ?? null);
    });
  }

  /** The rows that are open. */
  get open() {
    return [...this.#rows.values()].filter(isOpen);
  }

  /** Show nothing, whatever is open: something else is looked at. */
  clear() {
    for (const row of this.#rows.values()) row.element.remove();
    this.#rows.clear();
  }

  /** Make every row anew, those that are open open. */
  again(items, keyOf = (item) => item.id) {
    const open = [...this.#rows].filter(([, row]) => isOpen(row)).map(([key]) => key);
    this.clear();
    this.show(items, keyOf);
    for (const key of open) this.#rows.get(key)?.element.querySelector("details").setAttribute("open", "");
  }

  #inPlace() {
    const keys = new Map([...this.#rows].map(([key, row]) => [row.element, key]));
    return [...this.#list.children].map((element) => keys.get(element));
  }
}

const isOpen = (row) => row.element.querySelector("details")?.open ?? false;
