/* Begins the page once it is known that who looks may read; otherwise asks for a token. */

import { welcomed } from "./views/login.js";

if (await welcomed()) await import("./main.js");
