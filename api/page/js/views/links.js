/* Links to pages of others: opened apart, told nothing, and only where the address is one of a page. */

import { el, safeUrl } from "../dom.js";
import { t } from "../words.js";

/** A small arrow; null where there is no such address. */
export function arrow(address, label = t("open")) {
  const url = safeUrl(address);
  return url ? el("a", { class: "arrow", href: url, target: "_blank", rel: "noopener noreferrer nofollow", title: url, "aria-label": label }, "↗") : null;
}
