/** The site in a frame: one page gives way to the next only once that one is there, so that nothing flashes. */

import { el } from "../dom.js";

/** The site may run its own scripts, but as a stranger: no access to this page, its storage or its token. */
const SANDBOX = "allow-scripts allow-forms allow-popups";
/** A page that does not load is shown all the same: it says why. */
const PATIENCE_MS = 4000;
/** As long as the style sheet takes to fade it in. */
const FADE_MS = 300;

export class SiteFrame {
  element = el("div", { class: "frames" });
  /** @type {HTMLIFrameElement | null} */
  #shown = null;
  /** @type {HTMLIFrameElement | null} */
  #next = null;

  /** @param {string} address @param {{title: string, testid: string}} about */
  show(address, { title, testid }) {
    this.#next?.remove();
    const frame = el("iframe", {
      src: address,
      sandbox: SANDBOX,
      referrerpolicy: "no-referrer",
      title,
      "data-testid": testid,
      "data-there": "false",
    });
    this.#next = frame;
    const timer = setTimeout(() => this.#arrived(frame), PATIENCE_MS);
    frame.onload = () => {
      clearTimeout(timer);
      this.#arrived(frame);
    };
    this.element.append(frame);
  }

  /** What has not come yet will not come any more. */
  giveUp() {
    this.#next?.remove();
    this.#next = null;
  }

  clear() {
    this.element.replaceChildren();
    this.#shown = null;
    this.#next = null;
  }

  /** @param {HTMLIFrameElement} frame */
  #arrived(frame) {
    if (this.#next !== frame) return; // another one was shown meanwhile, or it had arrived
    const before = this.#shown;
    this.#shown = frame;
    this.#next = null;
    frame.dataset["there"] = "true";
    if (before) setTimeout(() => before.remove(), FADE_MS);
  }
}
