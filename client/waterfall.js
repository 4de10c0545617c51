/** How long the last turn took to the listener's ear, part by part, and what is usual. */

import { el, setText } from "./dom.js";
import { nameOf } from "./people.js";

/** @typedef {import("./wire.js").Messages["metrics.turn"]} TurnMetrics */

const KEPT = 20; // the usual is the median of so many turns of a kind

/** The parts in their order: the wire's name, and what it is called here. */
export const PARTS = /** @type {const} */ ([
  ["end_of_speech", "End of speech"],
  ["transcript", "Transcript"],
  ["decision", "Decision"],
  ["first_delta", "First audio"],
  ["first_packet", "First packet"],
  ["heard", "Heard"],
]);

/** @type {Record<string, string>} */
const AFTER = { human: "after you", voice: "after the voice before", start: "after you came" };

export class Waterfall {
  element;
  #title = el("p", { class: "waterfall-title", "data-testid": "waterfall-title" }, ["No turn yet"]);
  #usual = el("p", { class: "fine", "data-testid": "waterfall-usual" }, ["–"]);
  /** @type {Map<string, {segment: HTMLElement, value: HTMLElement}>} */
  #parts = new Map();
  #medians = new Medians(KEPT);

  constructor() {
    const bar = el("div", { class: "waterfall-bar", "aria-hidden": "true" }); // the list says the same in words
    const list = el("ul", { class: "waterfall-parts" });
    for (const [part, label] of PARTS) {
      const segment = el("span", { "data-part": part });
      const value = el("span", { class: "waterfall-ms", "data-testid": `waterfall-${part}` }, ["–"]);
      const key = el("span", { class: "waterfall-key", "data-part": part, "aria-hidden": "true" });
      this.#parts.set(part, { segment, value });
      bar.append(segment);
      list.append(el("li", {}, [key, el("span", {}, [label]), value]));
    }
    const head = el("h3", {}, ["The last turn's way to your ear"]);
    this.element = el("section", { class: "waterfall" }, [head, this.#title, bar, list, this.#usual]);
  }

  /** @param {TurnMetrics} metrics */
  show({ speaker, after, whole_ms: whole, parts }) {
    if (whole === null) return; // it was never given the floor
    const took = new Map(parts.map(({ part, ms }) => [part, ms]));
    for (const [part, { segment, value }] of this.#parts) {
      const ms = took.get(part);
      segment.style.flexGrow = String(ms ?? 0);
      setText(value, ms === undefined ? "–" : `${ms} ms`);
    }
    const heard = took.has("heard");
    setText(this.#title, `${nameOf(speaker)}, ${AFTER[after] ?? after}: ${whole} ms${heard ? "" : " so far as known"}`);
    if (heard) this.#medians.add(after, whole);
    setText(this.#usual, `Usual: ${this.#usually("human", "answers")}, ${this.#usually("voice", "hand-overs")}`);
  }

  /** @param {string} kind @param {string} label */
  #usually(kind, label) {
    const median = this.#medians.of(kind);
    return `${label} ${median === null ? "–" : `${Math.round(median)} ms`}`;
  }
}

/** The median of the last few values of each kind. */
export class Medians {
  #kept;
  /** @type {Map<string, number[]>} */
  #values = new Map();

  /** @param {number} kept */
  constructor(kept) {
    this.#kept = kept;
  }

  /** @param {string} kind @param {number} value */
  add(kind, value) {
    this.#values.set(kind, [...(this.#values.get(kind) ?? []), value].slice(-this.#kept));
  }

  /** @param {string} kind @returns {number | null} null while there is no value */
  of(kind) {
    const sorted = (this.#values.get(kind) ?? []).slice().sort((a, b) => a - b);
    if (sorted.length === 0) return null;
    const middle = sorted.length >> 1;
    const upper = /** @type {number} */ (sorted[middle]);
    return sorted.length % 2 ? upper : (upper + /** @type {number} */ (sorted[middle - 1])) / 2;
  }
}
