/** What was really done, and what can be taken home. */

import { copyButton } from "../copy.js";
import { el, icon, setText, show } from "../dom.js";
import { hostOf, nameOf } from "../people.js";
import { empty } from "./research.js";

/**
 * @typedef {object} SummaryActions
 * @property {(name: string) => string} file  the address of a file of the session
 * @property {(address: string) => Promise<Blob>} fetch  such a file; throws what went wrong
 * @property {(error: unknown) => {why: string, gone: boolean}} explain  gone: the server knows the session no more
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

const KEPT = "Everything is kept for a day, then forgotten. You can delete it now.";
const GONE = "The server no longer has this session or its files: nothing can be downloaded any more. " +
  "What this page still shows can be read and copied until you leave it.";

export class SummaryPanel {
  element = el("div", { class: "stack" });
  #actions;
  #have = { site: false, recording: false, image: "" };
  #gone = false;
  #post = el("p", { class: "post-words", "data-testid": "summary-post" });
  #words = el("section", { class: "stack", hidden: "" }, [
    el("h3", {}, ["Your post"]),
    this.#post,
    el("div", { class: "buttons" }, [copyButton(() => this.#post.textContent ?? "", "summary-copy")]),
  ]);
  #files = el("ul", { class: "downloads" });
  #fetched = el("p", { class: "label", role: "status", "data-testid": "download-note" });
  #take = el("section", { class: "stack" }, [el("h3", {}, ["Take it with you"]), this.#files, this.#fetched]);
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

  /** @param {string} text  of the post, as it stands @param {string} address  of its picture, or "" */
  havePost(text, address) {
    setText(this.#post, text);
    show(this.#words, text !== "");
    this.#have.image = address;
  }

  /** The server knows this session no more: nothing is offered that cannot be had. */
  gone() {
    this.#gone = true;
    if (this.element.dataset["testid"] !== "summary") this.show({}, "This session is gone");
    setText(this.#note, GONE);
    this.#offer();
  }

  /**
   * @param {Record<string, unknown>} summary  what the server says was done
   * @param {string} title
   */
  show(summary, title) {
    this.element.dataset["testid"] = "summary";
    this.fill(summary);
    const buttons = el("div", { class: "buttons" }, [this.#again, this.#delete]);
    setText(this.#note, this.#gone ? GONE : KEPT);
    this.#offer();
    this.element.replaceChildren(el("h2", {}, [title]), this.#done, this.#take, this.#words, buttons, this.#note);
  }

  /** @param {Record<string, unknown>} summary  the same, known a moment later */
  fill(summary) {
    this.#done.replaceChildren(...facts(summary));
    show(this.#done, this.#done.childElementCount > 0);
  }

  #offer() {
    /** @type {Record<string, boolean>} */
    const there = { "": true, site: this.#have.site, recording: this.#have.recording };
    const files = FILES.filter(([, , needs]) => there[needs]);
    const items = files.map(([name, text]) => this.#download(this.#actions.file(name), name, text));
    if (this.#have.image) items.push(this.#download(this.#have.image, "post.png", "Picture of the post"));
    this.#files.replaceChildren(...items);
    show(this.#take, !this.#gone);
    show(this.#delete, !this.#gone);
  }

  /** @param {string} address @param {string} name @param {string} text */
  #download(address, name, text) {
    const link = el("a", { href: address, download: name, class: "button" }, [icon("download"), text]);
    link.onclick = (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return; // the browser's own way
      event.preventDefault();
      if (link.ariaBusy !== "true") this.#fetch(link, address, name, text);
    };
    return el("li", {}, [link]);
  }

  /**
   * Fetched here, so that a failure is said and can be tried again.
   * @param {HTMLAnchorElement} link @param {string} address @param {string} name @param {string} text
   */
  async #fetch(link, address, name, text) {
    link.ariaBusy = "true";
    const being = name === "recording.ogg" ? "The recording is being made. Its download starts by itself." : "";
    setText(this.#fetched, being);
    try {
      save(await this.#actions.fetch(address), name);
      setText(this.#fetched, being && "The recording was downloaded.");
    } catch (error) {
      const { why, gone } = this.#actions.explain(error);
      const again = el("button", { type: "button", class: "link", "data-testid": "download-again" }, ["Try again"]);
      again.onclick = () => this.#fetch(link, address, name, text);
      this.#fetched.replaceChildren(`“${text}” was not downloaded. ${why} `, again);
      if (gone) this.gone();
    }
    link.ariaBusy = "false";
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

/** @param {Blob} file @param {string} name */
function save(file, name) {
  const address = URL.createObjectURL(file);
  el("a", { href: address, download: `moentreprise-${name}` }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/**
 * What was done, as rows.
 * @param {Record<string, any>} summary  as the server tells it; any part may be missing
 */
function facts({ name, answered, brief, research, site, post }) {
  /** @type {Array<[string, string]>} */
  const rows = [
    ["Business", typeof name === "string" ? name : ""],
    ["Answers", typeof answered === "number" ? `${answered} of 6` : ""],
    ["Contact", brief?.contact ?? ""],
    ["Research", research?.headline || failure(research)],
    ["Website", site?.pages?.length ? titles(site.pages) : failure(site)],
    ["Post", post?.outcome?.status ? outcome(post.outcome) : drafted(post)],
  ];
  return rows.filter(([, text]) => text !== "").map(([title, text]) =>
    el("div", {}, [el("dt", {}, [title]), el("dd", {}, [text])]));
}

/** A post that nobody has decided on. @param {{status?: string, text?: string, reason?: string} | undefined} post */
function drafted(post) {
  return post?.status !== "failed" && post?.text ? "Drafted; not approved" : failure(post);
}

/** @param {Array<{title: string}>} pages */
function titles(pages) {
  return `${pages.length} pages: ${pages.map((page) => page.title).join(", ")}`;
}

/** @type {Record<string, string>} */
const POSTS = { published: "Published", draft: "Saved as a draft", rejected: "Not published", failed: "Not published", expired: "Not published", unknown: "Perhaps published" };

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
