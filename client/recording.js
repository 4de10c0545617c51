/** The switch that records the session: off until the human wants it, and plainly seen while it is on. */

import { button, byId, setText } from "./dom.js";

/** @type {Record<string, string>} why it ended by itself → what the human should know */
const ENDED = {
  storage_failed: "The recording stopped: the server has no room for it. The conversation goes on.",
  too_long: "The recording stopped: it is as long as it can be. You find it in the summary at the end.",
};

export class RecordSwitch {
  #button = button("record");
  #text = byId("record-text");
  #on = false;
  #actions;

  /**
   * @param {{record: (on: boolean) => Promise<void>, tell: (problem: string) => void}} actions
   *   record does not throw; tell shows what the human should know
   */
  constructor(actions) {
    this.#actions = actions;
    this.#button.onclick = () => this.#press();
  }

  /** @param {import("./wire.js").Inbox} inbox */
  listen(inbox) {
    inbox.on("recording.changed", ({ on, reason }) => {
      this.#show(on);
      const ended = ENDED[reason];
      if (ended) this.#actions.tell(ended);
    });
  }

  /** The session is over, and with it the recording. */
  close() {
    this.#show(false);
    this.#button.disabled = true;
  }

  async #press() {
    if (this.#button.ariaBusy === "true") return;
    this.#button.ariaBusy = "true";
    await this.#actions.record(!this.#on);
    this.#button.ariaBusy = "false";
  }

  /** @param {boolean} on */
  #show(on) {
    this.#on = on;
    this.#button.setAttribute("aria-pressed", String(on));
    setText(this.#text, on ? "Recording" : "Record");
  }
}
