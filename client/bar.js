/** The bottom bar: microphone, push-to-talk, text, stop, and the keys for them. */

import { button, byId, icon, setText, show } from "./dom.js";
import { loudness } from "./stage.js";
import { WORDS_MAX, tooMany } from "./writing.js";

/**
 * @typedef {object} BarActions
 * @property {() => void} mute  toggles
 * @property {(down: boolean) => void} talk
 * @property {(text: string) => Promise<boolean>} say  whether it was sent
 * @property {() => void} stop
 */

export class Bar {
  #actions;
  #mute = button("mute");
  #ptt = button("ptt");
  #input = /** @type {HTMLInputElement} */ (byId("text-input"));
  #send = button("text-send");
  #state = byId("state");
  #talking = false;
  #meter = byId("meter");

  /** @param {BarActions} actions */
  constructor(actions) {
    this.#actions = actions;
    this.#mute.append(icon("mic"));
    this.#ptt.prepend(icon("talk"));
    this.#send.append(icon("send"));
    button("stop").append(icon("stop"));
    this.#mute.onclick = () => actions.mute();
    this.#stoppable();
    this.#input.oninput = () => this.#refreshSend();
    byId("type-form").onsubmit = (event) => {
      event.preventDefault();
      this.#say();
    };
    this.#holdable();
    this.#keys();
  }

  /** @param {{id: string, text: string}} state */
  state({ id, text }) {
    this.#state.dataset["state"] = id;
    byId("bar").dataset["state"] = id;
    setText(this.#state, text);
  }

  /** @param {{available: boolean, muted: boolean}} microphone */
  microphone({ available, muted }) {
    const off = !available || muted;
    if (!available) this.#talk(false); // a key that is disabled is never told of its release
    this.#mute.disabled = !available;
    this.#ptt.disabled = !available;
    this.#mute.setAttribute("aria-pressed", String(available && muted));
    this.#mute.setAttribute("aria-label", muted ? "Unmute microphone" : "Mute microphone");
    this.#mute.replaceChildren(icon(off ? "mic-off" : "mic"));
  }

  /** @param {number} level  of the microphone, 0 to 1 */
  level(level) {
    this.#meter.style.setProperty("--level", loudness(level).toFixed(2));
  }

  /** The session is over: nothing can be said any more. */
  close() {
    this.#talk(false);
    this.#ask(false);
    for (const control of [this.#mute, this.#ptt, this.#input, this.#send, button("stop")]) control.disabled = true;
  }

  async #say() {
    const text = this.#input.value.trim();
    if (!text || tooMany(text, WORDS_MAX)) return;
    this.#input.value = "";
    this.#refreshSend();
    const sent = await this.#actions.say(text);
    if (!sent && !this.#input.value) this.#input.value = text;
    this.#refreshSend();
  }

  #refreshSend() {
    const long = tooMany(this.#input.value, WORDS_MAX);
    setText(byId("text-over"), long);
    show(byId("text-over"), long !== "");
    this.#input.setAttribute("aria-invalid", String(long !== ""));
    this.#send.disabled = long !== "" || this.#input.value.trim() === "";
  }

  /** One tap beside "Hold to talk" ends nothing: it is asked once. */
  #stoppable() {
    button("stop").onclick = () => this.#ask(true);
    button("stop-yes").onclick = () => {
      this.#ask(false);
      this.#actions.stop();
    };
    button("stop-no").onclick = () => this.#ask(false);
    byId("stop-ask").onkeydown = ({ key }) => {
      if (key === "Escape") this.#ask(false);
    };
  }

  /** @param {boolean} asking */
  #ask(asking) {
    const was = !byId("stop-ask").hidden;
    if (asking === was) return;
    show(byId("stop-ask"), asking);
    byId("bar").dataset["asking"] = String(asking);
    (asking ? button("stop-no") : button("stop")).focus();
  }

  #holdable() {
    this.#ptt.onpointerdown = (event) => {
      if (event.button !== 0) return;
      this.#ptt.setPointerCapture(event.pointerId);
      this.#talk(true);
    };
    this.#ptt.onpointerup = () => this.#talk(false);
    this.#ptt.onpointercancel = () => this.#talk(false);
    this.#ptt.oncontextmenu = (event) => event.preventDefault();
    this.#ptt.onkeydown = (event) => {
      if (event.key === "Enter" && !event.repeat) this.#talk(true);
    };
    this.#ptt.onkeyup = (event) => {
      if (event.key === "Enter") this.#talk(false);
    };
    this.#ptt.onblur = () => this.#talk(false); // whoever holds Enter and goes on with Tab lets it go elsewhere
    window.addEventListener("blur", () => this.#talk(false));
  }

  /** @param {boolean} down */
  #talk(down) {
    if (down === this.#talking || (down && this.#ptt.disabled)) return;
    this.#talking = down;
    this.#ptt.setAttribute("aria-pressed", String(down));
    setText(/** @type {HTMLElement} */ (this.#ptt.querySelector("span")), down ? "Talking" : "Hold to talk");
    this.#actions.talk(down);
  }

  #keys() {
    document.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || byId("bar").hidden) return;
      if (writes(event.target)) {
        if (event.key === "Escape" && event.target === this.#input) this.#input.blur();
        return;
      }
      if (event.code === "Space" && !presses(event.target, this.#ptt)) {
        event.preventDefault();
        if (!event.repeat) this.#talk(true);
      } else if (event.key.toLowerCase() === "m" && !this.#mute.disabled) {
        this.#actions.mute();
      } else if (event.key.toLowerCase() === "t") {
        event.preventDefault();
        this.#input.focus();
      }
    });
    document.addEventListener("keyup", (event) => {
      if (event.code === "Space") this.#talk(false);
    });
  }
}

/** Whether keys belong to what is being written. @param {EventTarget | null} target */
function writes(target) {
  return target instanceof Element && target.closest("input, textarea, select, dialog[open]") !== null;
}

/** Whether Space presses a control of its own. @param {EventTarget | null} target @param {Element} ptt */
function presses(target, ptt) {
  if (!(target instanceof Element) || target === ptt) return false;
  return target.closest("button, a, summary, [role=tab]") !== null;
}
