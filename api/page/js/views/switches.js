/* The switches of theme and language. */

import { byId, say } from "../dom.js";
import { recall, remember } from "../memory.js";
import { preferred, speak, spoken, t, translate } from "../words.js";

const SUN = "☀";
const MOON = "☾";

/** `changed()` is called when everything must be said again. */
export function startSwitches(changed) {
  speak(recall("language") ?? preferred(navigator.languages));
  const system = matchMedia("(prefers-color-scheme: dark)");
  const root = document.documentElement;
  const dark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);

  function show() {
    root.lang = spoken();
    translate(document);
    const language = byId("language");
    say(language, spoken() === "en" ? "ID" : "EN");
    language.setAttribute("aria-label", t("otherLanguage"));
    language.title = t("otherLanguage");
    const theme = byId("theme");
    const label = t(dark() ? "theme_light" : "theme_dark");
    say(theme, dark() ? SUN : MOON);
    theme.setAttribute("aria-label", label);
    theme.title = label;
  }

  byId("language").addEventListener("click", () => {
    speak(spoken() === "en" ? "id" : "en");
    remember("language", spoken());
    show();
    changed();
  });
  byId("theme").addEventListener("click", () => {
    root.dataset.theme = dark() ? "light" : "dark";
    remember("theme", root.dataset.theme);
    show();
  });
  system.addEventListener("change", show);
  show();
}
