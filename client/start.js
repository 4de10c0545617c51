/** The start screen, and the way into the room. */

import { byId, button, el, icon, setText, show } from "./dom.js";
import { EXAMPLES } from "./examples.js";
import { explain } from "./explain.js";
import { onStatus } from "./reconnect.js";
import { Room } from "./room.js";
import { RequestError, Session } from "./session.js";
import { Stage } from "./stage.js";

const stage = new Stage();
const room = new Room(stage, again);

function again() {
  Session.forget();
  location.reload();
}

/**
 * Inside the tap: the microphone is asked for and the sound unlocked, then the session is made.
 * @param {HTMLButtonElement} pressed
 * @param {{answers: readonly string[] | null, microphone: boolean}} wish
 */
async function begin(pressed, { answers, microphone }) {
  busy(pressed, true);
  show(byId("start-error"), false);
  room.speaker.unlock();
  if (microphone) await room.microphone.open(); // refused: the room says so, and typing is as good
  try {
    const session = await Session.create(answers ? [...answers] : null);
    session.spoken = microphone;
    room.enter(session);
  } catch (error) {
    room.microphone.close();
    setText(byId("start-error"), explain(error));
    show(byId("start-error"), true);
    busy(pressed, false);
  }
}

/** @param {HTMLButtonElement} pressed @param {boolean} yes */
function busy(pressed, yes) {
  byId("start-panel").dataset["ready"] = "true";
  for (const id of ["start", "example", "start-text"]) button(id).disabled = yes;
  pressed.dataset["busy"] = String(yes);
}

/** A reload comes back to the same session. @param {Session} session */
async function comeBack(session) {
  const lead = byId("lead").textContent ?? "";
  setText(byId("lead"), "Coming back to your session.");
  show(byId("start-panel"), false);
  try {
    const { state } = await session.state();
    const over = state === "stopped" || state === "completed" || state === "expired";
    if (session.spoken && !over) await microphoneAgain();
    if (state !== "expired") return room.enter(session, over);
    Session.forget();
    setText(byId("start-note"), "Your last session has expired: nobody was there for a while.");
  } catch (error) {
    const gone = error instanceof RequestError && onStatus(error.status) === "gone";
    if (gone) {
      Session.forget(); // the server does not know it any more: begin anew
      setText(byId("start-note"), whyGone(session));
    } else {
      setText(byId("start-error"), `${explain(error)} Load the page again to come back to your session.`);
      show(byId("start-error"), true);
    }
  }
  setText(byId("lead"), lead);
  show(byId("start-panel"), true);
}

/** Told once. @param {Session} session */
function whyGone({ over }) {
  if (over === "shutdown") return "Your last session ended when the server was shut down.";
  if (over) return "Your last session was over, and the server no longer keeps it.";
  return "Your last session is gone: the server was restarted, or nobody came back for too long.";
}

/** After a reload the microphone is taken only where that asks nobody. */
async function microphoneAgain() {
  try {
    const permission = await navigator.permissions.query({ name: /** @type {PermissionName} */ ("microphone") });
    if (permission.state === "granted") await room.microphone.open();
  } catch {
    // a browser that cannot tell: the room offers "Use microphone"
  }
}

function startScreen() {
  const choice = /** @type {HTMLSelectElement} */ (byId("example-choice"));
  EXAMPLES.forEach(({ title }, n) => choice.append(el("option", { value: String(n) }, [title])));
  button("start").prepend(icon("mic"));
  button("start").onclick = () => begin(button("start"), { answers: null, microphone: true });
  button("start-text").onclick = () => begin(button("start-text"), { answers: null, microphone: false });
  button("example").onclick = () => {
    const answers = EXAMPLES[Number(choice.value)]?.answers ?? null;
    begin(button("example"), { answers, microphone: false });
  };
}

startScreen();
const kept = Session.resume();
if (kept) await comeBack(kept);
busy(button("start"), false); // until now a tap would have been lost
