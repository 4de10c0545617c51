/** A quiet panel for diagnosis: how the sound travels, and one sentence of remedy. */

import { byId, el, icon, setText } from "./dom.js";
import { nameOf } from "./people.js";
import { Waterfall } from "./waterfall.js";

/** @typedef {import("./meters.js").Figures} Figures */
/** @typedef {import("./wire.js").Messages["metrics.turn"]} TurnMetrics */

const ROWS = /** @type {const} */ ([
  ["link", "Connection"],
  ["path", "Path"],
  ["rtt", "Round trip"],
  ["buffer", "Jitter buffer"],
  ["jitter", "Jitter"],
  ["lost", "Packets lost"],
  ["microphone", "Microphone"],
  ["turn", "Last turn"],
]);

export class Inspector {
  #dialog = /** @type {HTMLDialogElement} */ (byId("inspector"));
  /** @type {Map<string, HTMLElement>} */
  #values = new Map();
  #waterfall = new Waterfall();
  #remedy = el("p", { class: "remedy", "data-testid": "remedy" });

  constructor() {
    const list = el("dl");
    for (const [key, label] of ROWS) {
      const value = el("dd", { "data-testid": `figure-${key}` }, ["–"]);
      this.#values.set(key, value);
      list.append(el("div", {}, [el("dt", {}, [label]), value]));
    }
    const close = el("button", { type: "button", class: "quiet", "data-testid": "inspector-close" }, ["Close"]);
    close.onclick = () => this.#dialog.close();
    const head = el("div", { class: "inspector-head" }, [el("h2", {}, ["Connection details"]), close]);
    this.#dialog.append(head, list, this.#waterfall.element, this.#remedy);
    const opener = byId("inspect");
    opener.append(icon("pulse"));
    opener.onclick = () => (this.#dialog.open ? this.#dialog.close() : this.#dialog.showModal());
  }

  get open() {
    return this.#dialog.open;
  }

  /**
   * @param {Figures} figures
   * @param {{link: string, microphone: string, attempts: number}} state
   */
  show(figures, { link, microphone, attempts }) {
    this.#set("link", link);
    this.#set("path", figures.path || "none yet");
    this.#set("rtt", ms(figures.rttMs));
    this.#set("buffer", ms(figures.jitterBufferMs));
    this.#set("jitter", ms(figures.jitterMs));
    this.#set("lost", `${figures.packetsLost} of ${figures.packetsLost + figures.packetsReceived}`);
    this.#set("microphone", `${microphone}, level ${Math.round(figures.microphone * 100)} %`);
    setText(this.#remedy, remedy(figures, { link, attempts }));
  }

  /** @param {TurnMetrics} metrics */
  turn(metrics) {
    this.#set("turn", prepared(metrics));
    const { ready_before_ms: ready, pause_ms: pause } = metrics;
    const figures = [ready ? `ready ${ready} ms before` : "", pause === null ? "" : `pause ${pause} ms`];
    this.#values.get("turn")?.setAttribute("title", figures.filter((figure) => figure !== "").join(", "));
    this.#waterfall.show(metrics);
  }

  /** @param {string} key @param {string} text */
  #set(key, text) {
    const value = this.#values.get(key);
    if (value) setText(value, text);
  }
}

/**
 * How the speaker came to the turn, in words.
 * @param {Pick<TurnMetrics, "speaker" | "ready_before_ms" | "pause_ms">} metrics
 */
export function prepared({ speaker, ready_before_ms: ready, pause_ms: pause }) {
  const seconds = (/** @type {number} */ value) => `${(value / 1000).toFixed(1)} s`;
  const waited = ready ? `was ready ${seconds(ready)} early` : "had to think first";
  const paused = pause ? `, paused ${seconds(pause)}` : "";
  return `${nameOf(speaker)} ${waited}${paused}`;
}

/** @param {number | null} value */
function ms(value) {
  return value === null ? "–" : `${Math.round(value)} ms`;
}

/**
 * One sentence on what to do.
 * @param {Figures} figures @param {{link: string, attempts: number}} state
 */
export function remedy(figures, { link, attempts }) {
  if (attempts > 2) return "The network lets no audio through. Try another network, or ask for UDP or a TURN server to be allowed.";
  if (link !== "live") return "Nothing is connected at the moment; the page keeps trying by itself.";
  const all = figures.packetsLost + figures.packetsReceived;
  if (all > 100 && figures.packetsLost / all > 0.05) return "Many packets are lost. Move closer to the Wi-Fi, or use a cable.";
  if ((figures.rttMs ?? 0) > 300) return "The way to the server is long. Answers come later than they could; nothing needs doing.";
  return "All is well.";
}
