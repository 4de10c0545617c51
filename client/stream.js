/**
 * Server-sent events by fetch: the token stays in a header and a reload can ask from the start,
 * neither of which EventSource allows.
 */

import { refusal } from "./session.js";

/**
 * Reads one response until it ends. Throws RequestError when refused, TypeError when cut.
 * @param {string} address
 * @param {string} token
 * @param {number} after  the last seq that is known
 * @param {(data: string) => void} onData  one event's data
 * @param {AbortSignal} signal
 */
export async function readEvents(address, token, after, onData, signal) {
  const headers = {
    Accept: "text/event-stream",
    Authorization: `Bearer ${token}`,
    "Last-Event-ID": String(after),
  };
  const response = await fetch(address, { headers, signal, cache: "no-store" });
  if (!response.ok) throw await refusal(response);
  if (!response.body) return;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  const split = new Splitter(onData);
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    split.push(value);
  }
}

/** Cuts the text of an event stream into events, whatever the chunks. */
export class Splitter {
  #rest = "";
  /** @type {string[]} */
  #data = [];
  #onData;

  /** @param {(data: string) => void} onData */
  constructor(onData) {
    this.#onData = onData;
  }

  /** @param {string} chunk */
  push(chunk) {
    const lines = (this.#rest + chunk).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#line(line.replace(/\r$/, ""));
  }

  /** @param {string} line */
  #line(line) {
    if (line === "") {
      if (this.#data.length > 0) this.#onData(this.#data.join("\n"));
      this.#data = [];
    } else if (line.startsWith("data:")) {
      this.#data.push(line.slice(5).replace(/^ /, ""));
    }
  }
}
