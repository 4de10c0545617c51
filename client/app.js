/** The page's beginning: the rest is loaded from here, so that a server that is gone is told in words. */

import { button, byId, show } from "./dom.js";

/** @param {unknown} error */
function gone(error) {
  const problem = byId("start-error");
  const again = document.createElement("button");
  again.type = "button";
  again.className = "link";
  again.textContent = "Try again";
  again.onclick = () => location.reload();
  problem.replaceChildren("The server was not reached, so the team cannot come in. Check that it runs. ", again);
  show(problem, true);
  byId("start-panel").dataset["ready"] = "gone";
  for (const id of ["start", "example", "start-text"]) button(id).disabled = true;
  console.warn(error);
}

import("./start.js").catch(gone);
