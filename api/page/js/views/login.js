/* Logging in where not everybody may read, and out again. The token goes to the api once, which keeps it in a cookie no script can read. */

import { address } from "../api.js";
import { byId, say } from "../dom.js";
import { learn } from "../may.js";
import { t } from "../words.js";
import { startSwitches } from "./switches.js";

const NONE = new URLSearchParams();

/** Whether the page may begin: where it may not, the form is shown, which loads the page anew. */
export async function welcomed() {
  const session = await asked("GET");
  learn(session);
  // An api that does not answer now is the page's to wait for.
  if (!session) return true;
  if (session.user) showLogout(session);
  if (session.anonymous || session.user) return true;
  showForm();
  return false;
}

async function asked(method, body) {
  try {
    const answer = await fetch(address("session", NONE), { method, body });
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
}

function showForm() {
  startSwitches(() => {});
  document.body.dataset.login = "";
  const form = byId("login");
  const token = byId("login-token");
  const problem = byId("login-problem");
  form.hidden = false;
  token.focus();
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    say(problem, "");
    if (await asked("POST", token.value.trim())) location.reload();
    else {
      say(problem, t("loginRefused"));
      token.select();
    }
  });
}

function showLogout(session) {
  const button = byId("logout");
  button.hidden = false;
  button.title = session.user;
  button.addEventListener("click", async () => {
    await asked("DELETE");
    location.reload();
  });
}
