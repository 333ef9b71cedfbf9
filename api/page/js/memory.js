/* What the page remembers between visits; silently nothing where storage is forbidden. */

const KEY = "denyut.";

export function recall(name) {
  try {
    return localStorage.getItem(KEY + name);
  } catch {
    return null;
  }
}

export function remember(name, value) {
  try {
    localStorage.setItem(KEY + name, value);
  } catch {
    // A private window: the choice holds for this visit.
  }
}
