/** What the human writes on the page: how much of it may be sent, and that it is being written. */

/** As the server holds to it, in characters. */
export const WORDS_MAX = 2000;
export const POST_MAX = 3000;
const SIGN_MS = 2000;

/**
 * By how much a text is too long, in words; "" when it may be sent.
 * @param {string} text @param {number} most
 */
export function tooMany(text, most) {
  const over = [...text.trim()].length - most; // code points, as the server counts
  if (over <= 0) return "";
  return `${over.toLocaleString("en")} ${over === 1 ? "character" : "characters"} too many: shorten it to send it.`;
}

/**
 * The text as LinkedIn counts it: special characters have a stroke before them, hashtags are longer.
 * (orchestration/adapters/littletext.py)
 * @param {string} text
 */
export function asLinkedInCounts(text) {
  /** @type {string[]} */
  const written = [];
  let at = 0;
  for (const tag of text.trim().matchAll(/(^|\s)#([\p{L}\p{N}]+)(?![^\s.,;:!?])/gu)) {
    const start = tag.index + (tag[1]?.length ?? 0);
    written.push(escaped(text.trim().slice(at, start)), `{hashtag|\\#|${tag[2]}}`);
    at = tag.index + tag[0].length;
  }
  return [...written, escaped(text.trim().slice(at))].join("");
}

/** @param {string} text */
function escaped(text) {
  return text.replace(/[\\|{}@[\]()<>#*_~]/g, "\\$&");
}

/** Tells the server that the human writes, so that nobody asks "are you there?" meanwhile. */
export class Typing {
  #send;
  #toldAtMs = -SIGN_MS;
  #writing = false;
  #timer = 0;

  /** @param {(typing: boolean) => void} send */
  constructor(send) {
    this.#send = send;
  }

  /** Whatever is written inside this counts. @param {HTMLElement} root */
  watch(root) {
    root.addEventListener("input", ({ target }) => {
      if (!(target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement)) return;
      if (target.value.trim() === "") this.over();
      else this.#changed();
    });
    root.addEventListener("focusout", () => this.over());
  }

  /** It was sent, left or emptied. */
  over() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    if (!this.#writing) return;
    this.#writing = false;
    this.#toldAtMs = -SIGN_MS;
    this.#send(false);
  }

  /** At most one sign every two seconds; what came between is told with the next one. */
  #changed() {
    this.#writing = true;
    if (this.#timer) return;
    const waitMs = Math.max(0, this.#toldAtMs + SIGN_MS - performance.now());
    this.#timer = window.setTimeout(() => this.#tell(), waitMs);
  }

  #tell() {
    this.#timer = 0;
    this.#toldAtMs = performance.now();
    this.#send(true);
  }
}
