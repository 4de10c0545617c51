/** The sentence that is heard now, its words lit as they sound. */

import { el, setText } from "./dom.js";
import { nameOf, wear } from "./people.js";
import { rtpDistance } from "./speaker.js";

/** @typedef {import("./wire.js").Messages["caption"]} Caption */
/** @typedef {{text: string, atMs: number}} Token  ms from the caption's start */

const RTP_PER_MS = 48;
const EARLY_MS = 120; // a sentence is on the page a little before it sounds
const LATE_MS = 2000; // a sentence of an ended turn that is farther off was told anew, after a reload
const FAR_MS = 30_000; // farther off than this, the RTP clocks cannot belong together

/**
 * A caption's words as they are written, each with the time at which it sounds.
 * Without usable word times they are spread over the sentence by their length.
 * @param {Caption} caption
 * @returns {Token[]}
 */
export function tokensOf(caption) {
  const written = caption.text.split(/\s+/).filter((word) => word !== "");
  const timed = caption.words ?? [];
  if (timed.length === written.length) {
    return written.map((text, n) => ({ text, atMs: (timed[n]?.start_ms ?? 0) - caption.start_ms }));
  }
  const total = Math.max(1, written.reduce((sum, word) => sum + word.length + 1, 0));
  const lengthMs = Math.max(0, caption.end_ms - caption.start_ms);
  let before = 0;
  return written.map((text) => {
    const atMs = (lengthMs * before) / total;
    before += text.length + 1;
    return { text, atMs };
  });
}

/** @typedef {{caption: Caption, tokens: Token[], guessMs: number}} Entry  guessMs: performance.now() at its start */

export class Captions {
  #box;
  #live;
  #rtpAt;
  /** @type {Entry[]} */
  #waiting = [];
  /** @type {Entry | null} */
  #shown = null;
  /** @type {HTMLElement[]} */
  #spans = [];
  #lit = 0;
  #cutTurn = "";
  #frame = 0;

  /**
   * @param {HTMLElement} box  shows the words
   * @param {HTMLElement} live  a polite live region: hears whole sentences
   * @param {(nowMs: number) => number | null} rtpAt  the RTP time sounding at a time
   */
  constructor(box, live, rtpAt) {
    this.#box = box;
    this.#live = live;
    this.#rtpAt = rtpAt;
  }

  /** @param {Caption} caption */
  add(caption) {
    if (caption.turn === this.#cutTurn) return;
    const last = this.#waiting.at(-1) ?? this.#shown;
    const sameTurn = last?.caption.turn === caption.turn ? last : null;
    const guessMs = sameTurn
      ? sameTurn.guessMs + caption.start_ms - sameTurn.caption.start_ms
      : performance.now() + EARLY_MS;
    this.#waiting.push({ caption, tokens: tokensOf(caption), guessMs });
    this.#run();
  }

  /**
   * The turn is over. When it was cut, what was not heard is struck and nothing more of it is shown.
   * A turn that was over before this page was here is not shown at all; of one that broke off, and that
   * another goes on with, no sentence that was not heard.
   * @param {{turn: string, interrupted: boolean, text: string, heard_ms: number}} ended
   */
  end({ turn, interrupted, text, heard_ms }) {
    if (!interrupted) {
      const unheard = (/** @type {Entry} */ { caption }) =>
        caption.turn === turn && caption.start_ms >= heard_ms && !text.includes(caption.text);
      this.#waiting = this.#waiting.filter((entry) => !unheard(entry));
      return this.#forgetPast(turn);
    }
    this.#cutTurn = turn;
    this.#waiting = this.#waiting.filter((entry) => entry.caption.turn !== turn);
    if (this.#shown?.caption.turn !== turn) return;
    for (const span of this.#spans.slice(this.#lit)) span.dataset["word"] = "cut";
    this.#lit = this.#spans.length;
  }

  /** @param {string} turn */
  #forgetPast(turn) {
    const now = performance.now();
    const rtp = this.#rtpAt(now);
    const past = (/** @type {Entry} */ entry) => entry.caption.turn === turn && (rtp === null ||
      Math.abs(rtpDistance(rtp, entry.caption.rtp_timestamp)) > LATE_MS * RTP_PER_MS);
    this.#waiting = this.#waiting.filter((entry) => !past(entry));
    if (rtp === null && this.#shown?.caption.turn === turn) this.hint("", this.#waiting);
  }

  /** @param {string} text  a sentence that nobody speaks: a hint of the room itself */
  hint(text, waiting = /** @type {Entry[]} */ ([])) {
    this.#waiting = waiting;
    this.#shown = null;
    this.#spans = [];
    this.#lit = 0;
    this.#box.dataset["kind"] = "hint";
    delete this.#box.dataset["speaker"];
    delete this.#box.dataset["name"];
    wear(this.#box, "");
    this.#box.replaceChildren(el("span", { "data-word": "lit" }, [text]));
  }

  /** The room's own hint has had its time; words that somebody speaks stay. */
  clearHint() {
    if (this.#box.dataset["kind"] === "hint") this.hint("", this.#waiting);
  }

  #run() {
    if (this.#frame) return;
    this.#frame = requestAnimationFrame((now) => {
      this.#frame = 0;
      this.#tick(now);
      if (this.#waiting.length > 0 || this.#lit < this.#spans.length) this.#run();
    });
  }

  /** @param {number} nowMs */
  #tick(nowMs) {
    const rtp = this.#rtpAt(nowMs);
    while (this.#waiting[0] && this.#elapsed(this.#waiting[0], rtp, nowMs) >= -EARLY_MS) {
      this.#show(/** @type {Entry} */ (this.#waiting.shift()));
    }
    if (!this.#shown) return;
    const elapsed = this.#elapsed(this.#shown, rtp, nowMs);
    const tokens = this.#shown.tokens;
    while (this.#lit < tokens.length && (tokens[this.#lit]?.atMs ?? 0) <= elapsed) {
      const span = this.#spans[this.#lit];
      if (span) span.dataset["word"] = "lit";
      if (span) this.#keepInSight(span);
      this.#lit += 1;
    }
  }

  /** Above an open sheet there is room for two lines alone. @param {HTMLElement} span */
  #keepInSight(span) {
    const box = this.#box;
    if (box.scrollHeight <= box.clientHeight) return;
    const below = span.offsetTop + span.offsetHeight > box.scrollTop + box.clientHeight;
    if (below) box.scrollTop = span.offsetTop;
  }

  /** @param {Entry} entry */
  #show(entry) {
    this.#shown = entry;
    this.#lit = 0;
    this.#spans = entry.tokens.map(({ text }) => el("span", { "data-word": "coming" }, [text]));
    const nodes = this.#spans.flatMap((span) => [span, " "]);
    this.#box.replaceChildren(...nodes.slice(0, -1));
    this.#box.scrollTop = 0;
    this.#box.dataset["kind"] = "speech";
    this.#box.dataset["speaker"] = entry.caption.speaker;
    this.#box.dataset["name"] = nameOf(entry.caption.speaker);
    wear(this.#box, entry.caption.speaker);
    this.#box.dataset["long"] = String(entry.caption.text.length > 110);
    setText(this.#live, entry.caption.text);
  }

  /**
   * Ms since the sentence began to sound; negative before.
   * @param {Entry} entry @param {number | null} rtp @param {number} nowMs
   */
  #elapsed(entry, rtp, nowMs) {
    if (rtp !== null) {
      const ms = rtpDistance(rtp, entry.caption.rtp_timestamp) / RTP_PER_MS;
      if (Math.abs(ms) < FAR_MS) return ms;
    }
    return nowMs - entry.guessMs;
  }
}
