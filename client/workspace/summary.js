/** What was really done, and what can be taken home. */

import { el, icon, setText, show } from "../dom.js";
import { hostOf, nameOf } from "../people.js";
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
  ["recording.ogg", "Recording", "recording"],
];

export class SummaryPanel {
  element = el("div", { class: "stack" });
  #actions;
  #have = { site: false, recording: false, image: "" };
  #files = el("ul", { class: "downloads" });
  #done = el("dl", { class: "done" });
  #again = el("button", { type: "button", class: "primary", "data-testid": "again" }, ["Start a new session"]);
  #delete = el("button", { type: "button", class: "danger", "data-testid": "delete-data" }, ["Delete my data"]);
  #note = el("p", { class: "fine", role: "status", "data-testid": "delete-note" });
  #sure = false;

  /** @param {SummaryActions} actions */
  constructor(actions) {
    this.#actions = actions;
    const host = hostOf("closing");
    this.element.append(empty(host, `${nameOf(host) || "The team"} sums up at the end, and everything can be downloaded here.`));
    this.#again.onclick = () => actions.again();
    this.#delete.onclick = () => this.#onDelete();
  }

  /** The website can be downloaded. */
  haveSite() {
    this.#have.site = true;
  }

  /** @param {boolean} recorded  whether there is a recording, also one that still runs */
  haveRecording(recorded) {
    this.#have.recording = recorded;
    this.#offer();
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
    this.element.dataset["testid"] = "summary";
    this.#done.replaceChildren(...facts(summary));
    show(this.#done, this.#done.childElementCount > 0);
    const buttons = el("div", { class: "buttons" }, [this.#again, this.#delete]);
    const kept = "Everything is kept for a day, then forgotten. You can delete it now.";
    setText(this.#note, kept);
    this.#offer();
    this.element.replaceChildren(el("h2", {}, [title]), this.#done, el("h3", {}, ["Take it with you"]),
      this.#files, buttons, this.#note);
  }

  #offer() {
    /** @type {Record<string, boolean>} */
    const there = { "": true, site: this.#have.site, recording: this.#have.recording };
    const files = FILES.filter(([, , needs]) => there[needs]);
    const items = files.map(([name, text]) => download(this.#actions.file(name), name, text));
    if (this.#have.image) items.push(download(this.#have.image, "post.png", "Picture of the post"));
    this.#files.replaceChildren(...items);
    const recording = /** @type {HTMLAnchorElement | null} */ (this.#files.querySelector("[download='recording.ogg']"));
    if (recording) recording.onclick = () => setText(this.#note, "The recording is being made. Its download starts by itself.");
  }

  async #onDelete() {
    if (!this.#sure) {
      this.#sure = true;
      setText(this.#delete, "Yes, delete everything");
      setText(this.#note, "The transcript, the answers, the website, the post and any recording will be gone for good.");
      return;
    }
    this.#delete.disabled = true;
    const wrong = await this.#actions.deleteData();
    this.#delete.disabled = false;
    if (wrong) return setText(this.#note, wrong);
    this.element.replaceChildren(el("h2", {}, ["Everything of this session was deleted"]),
      el("div", { class: "buttons" }, [this.#again]));
  }
}

/** @param {string} address @param {string} name @param {string} text */
function download(address, name, text) {
  const link = el("a", { href: address, download: name, class: "button" }, [icon("download"), text]);
  return el("li", {}, [link]);
}

/**
 * What was done, as rows.
 * @param {Record<string, any>} summary  as the server tells it; any part may be missing
 */
function facts({ name, answered, research, site, post }) {
  /** @type {Array<[string, string]>} */
  const rows = [
    ["Business", typeof name === "string" ? name : ""],
    ["Answers", typeof answered === "number" ? `${answered} of 6` : ""],
    ["Research", research?.headline || failure(research)],
    ["Website", site?.pages?.length ? titles(site.pages) : failure(site)],
    ["Post", post?.outcome?.status ? outcome(post.outcome) : failure(post)],
  ];
  return rows.filter(([, text]) => text !== "").map(([title, text]) =>
    el("div", {}, [el("dt", {}, [title]), el("dd", {}, [text])]));
}

/** @param {Array<{title: string}>} pages */
function titles(pages) {
  return `${pages.length} pages: ${pages.map((page) => page.title).join(", ")}`;
}

/** @type {Record<string, string>} */
const POSTS = { published: "Published", draft: "Saved as a draft", rejected: "Not published", failed: "Not published", unknown: "Perhaps published" };

/** @param {{status: string, reason?: string}} post */
function outcome({ status, reason }) {
  const text = POSTS[status] ?? status;
  return reason ? `${text}: ${reason}` : text;
}

/** @param {{status?: string, reason?: string} | undefined} result  a job's, when there is nothing better to say */
function failure(result) {
  if (!result?.status) return "";
  return result.status === "failed" ? `Failed: ${result.reason ?? "the reason is not known"}` : "Done";
}
