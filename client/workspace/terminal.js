/** The build's output, live, as inert text, with a cap. */

import { el } from "../dom.js";

const MAX_LINES = 2000;
const NEAR_PX = 40;

export class Terminal {
  element = el("pre", { class: "terminal", tabindex: "0", role: "log", "aria-label": "Build output", "data-testid": "terminal" });
  #next = 0;
  #job = "";
  #count = 0;
  #top = 0;
  #follows = true; // whoever scrolls up stays there

  constructor() {
    this.element.onscroll = () => {
      const { scrollTop } = this.element;
      this.#follows = this.#atEnd() || (this.#follows && scrollTop >= this.#top);
      this.#top = scrollTop;
    };
    // Narrower, its lines are more; shown again, it begins at its top.
    new ResizeObserver(() => this.#follow()).observe(this.element);
  }

  /** @param {{job: string, first: number, lines: string[]}} log */
  append({ job, first, lines }) {
    if (job !== this.#job) this.#restart(job);
    const fresh = lines.slice(Math.max(0, this.#next - first));
    if (fresh.length === 0) return;
    if (first > this.#next) this.#write(`… ${first - this.#next} lines are in the whole log`);
    for (const line of fresh) this.#write(line);
    this.#next = first + lines.length;
    while (this.#count > MAX_LINES) {
      this.element.firstChild?.remove();
      this.#count -= 1;
    }
    this.#follow();
  }

  #follow() {
    if (this.#follows) this.element.scrollTop = this.element.scrollHeight;
  }

  /** @param {string} job */
  #restart(job) {
    if (this.#job) this.#write("");
    this.#job = job;
    this.#next = 0;
  }

  /** @param {string} line */
  #write(line) {
    this.element.append(el("span", {}, [`${line}\n`]));
    this.#count += 1;
  }

  #atEnd() {
    const { scrollTop, scrollHeight, clientHeight } = this.element;
    return scrollHeight - scrollTop - clientHeight < NEAR_PX;
  }
}
