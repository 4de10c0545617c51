/** The progress of one kind of job: what is happening and how far it is. */

import { el, setText, show } from "../dom.js";

export class Progress {
  element;
  #message = el("p", { class: "progress-message" });
  #bar = el("progress", { max: "100", value: "0" });
  #cancel = el("button", { type: "button", class: "quiet" }, ["Cancel"]);
  #job = "";

  /** @param {string} kind @param {(job: string) => void} cancel */
  constructor(kind, cancel) {
    this.#bar.setAttribute("aria-label", `Progress of the ${kind}`);
    const row = el("div", { class: "progress-row" }, [this.#bar, this.#cancel]);
    this.element = el("div", { class: "progress", "data-testid": `progress-${kind}` }, [this.#message, row]);
    this.element.hidden = true;
    this.#cancel.onclick = () => {
      this.#cancel.disabled = true;
      cancel(this.#job);
    };
  }

  /** @param {string} job @param {string} title */
  started(job, title) {
    this.#job = job;
    this.element.dataset["state"] = "running";
    this.#bar.value = 0;
    setText(this.#message, title);
    this.#cancel.disabled = false;
    show(this.#cancel, true);
    show(this.#bar, true);
    show(this.element, true);
  }

  /** @param {number} percent @param {string} message */
  moved(percent, message) {
    if (this.element.dataset["state"] !== "running") return;
    this.#bar.value = percent;
    if (message) setText(this.#message, message);
  }

  finished() {
    this.element.dataset["state"] = "finished";
    show(this.element, false);
  }

  /** @param {string} reason */
  failed(reason) {
    this.element.dataset["state"] = "failed";
    setText(this.#message, reason);
    show(this.#cancel, false);
    show(this.#bar, false);
    show(this.element, true);
  }
}
