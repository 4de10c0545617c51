/** What was really done, and what can be taken home. */

import { el, icon, setText, show } from "../dom.js";
import { empty } from "./research.js";

/**
 * @typedef {object} SummaryActions
 * @property {(name: string) => string} file  the address of a file of the session
 * @property {() => Promise<string>} deleteData  returns what went wrong, or ""
 * @property {() => void} again
 */

/** @type {ReadonlyArray<[string, string, string]>} name, title, the fact that it needs */
const FILES = [
  ["transcript.txt", "Transcript", ""],
  ["transcript.vtt", "Captions (VTT)", ""],
  ["transcript.json", "Transcript (JSON)", ""],
  ["brief.json", "Brief", ""],
  ["site.zip", "Website (zip)", "site"],
];

export class SummaryPanel {
  element = el("div", { class: "stack", "data-testid": "summary" });
  #actions;
  #have = { site: false, image: "" };
  #done = el("dl", { class: "done" });
  #again = el("button", { type: "button", class: "primary", "data-testid": "again" }, ["Start a new session"]);
  #delete = el("button", { type: "button", class: "danger", "data-testid": "delete-data" }, ["Delete my data"]);
  #note = el("p", { class: "fine", role: "status", "data-testid": "delete-note" });
  #sure = false;

  /** @param {SummaryActions} actions */
  constructor(actions) {
    this.#actions = actions;
    this.element.append(empty("marcus", "Marcus sums up at the end, and everything can be downloaded here."));
    this.#again.onclick = () => actions.again();
    this.#delete.onclick = () => this.#onDelete();
  }

  /** The website can be downloaded. */
  haveSite() {
    this.#have.site = true;
  }

  /** @param {string} address  of the post's picture */
  haveImage(address) {
    this.#have.image = address;
  }

  /**
   * @param {Record<string, unknown>} summary  what the server says was done
   * @param {string} title
   */
  show(summary, title) {
    this.#done.replaceChildren(...facts(summary));
    show(this.#done, this.#done.childElementCount > 0);
    const buttons = el("div", { class: "buttons" }, [this.#again, this.#delete]);
    const kept = "Everything is kept for a day, then forgotten. You can delete it now.";
    setText(this.#note, kept);
    this.element.replaceChildren(el("h2", {}, [title]), this.#done, el("h3", {}, ["Take it with you"]),
      this.#downloads(), buttons, this.#note);
  }

  #downloads() {
    const files = FILES.filter(([, , needs]) => needs === "" || this.#have.site);
    const items = files.map(([name, text]) => download(this.#actions.file(name), name, text));
    if (this.#have.image) items.push(download(this.#have.image, "post.png", "Picture of the post"));
    return el("ul", { class: "downloads" }, items);
  }

  async #onDelete() {
    if (!this.#sure) {
      this.#sure = true;
      setText(this.#delete, "Yes, delete everything");
      setText(this.#note, "The transcript, the answers, the website and the post will be gone for good.");
      return;
    }
    this.#delete.disabled = true;
    const wrong = await this.#actions.deleteData();
    this.#delete.disabled = false;
    if (wrong) return setText(this.#note, wrong);
    this.element.replaceChildren(el("h2", {}, ["Everything of this session was deleted"]), this.#again);
  }
}

/** @param {string} address @param {string} name @param {string} text */
function download(address, name, text) {
  const link = el("a", { href: address, download: name, class: "button" }, [icon("download"), text]);
  return el("li", {}, [link]);
}

/** @type {Record<string, string>} */
const TITLES = { name: "Business", answered: "Answers", pages: "Pages", research: "Research", site: "Website", post: "Post" };

/** @param {Record<string, unknown>} summary */
function facts(summary) {
  return Object.entries(TITLES).flatMap(([key, title]) => {
    const text = inWords(key, summary[key]);
    return text ? [el("div", {}, [el("dt", {}, [title]), el("dd", {}, [text])])] : [];
  });
}

/** @param {string} key @param {unknown} value @returns {string} "" when there is nothing to say */
function inWords(key, value) {
  if (key === "answered" && typeof value === "number") return `${value} of 6`;
  if (typeof value === "string") return value;
  if (typeof value === "number") return String(value);
  if (typeof value === "boolean") return value ? "Done" : "Not done";
  if (Array.isArray(value)) return value.map((item) => inWords(key, item?.title ?? item)).filter(Boolean).join(", ");
  if (value && typeof value === "object" && "status" in value) return String(value.status);
  return "";
}
