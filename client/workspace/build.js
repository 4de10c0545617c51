/** The build as it runs, beside it the site as it is written, and then the site itself. */

import { el, icon, setText, show } from "../dom.js";
import { nameOf, workerOf } from "../people.js";
import { Progress } from "./progress.js";
import { emptyOf } from "./research.js";
import { SiteFrame } from "./site-frame.js";
import { Terminal } from "./terminal.js";

/** What is told again after a reload is over in a moment: a preview of the past is not opened. */
const SETTLE_MS = 50;

export class BuildPanel {
  element = el("div", { class: "stack build", "data-live": "false" });
  progress;
  terminal = new Terminal();
  #empty = emptyOf("website", (who) => `${who} builds your website here. You can watch every line.`);
  #output;
  #frame = new SiteFrame();
  #facts = el("p", { class: "fine" });
  #open = el("a", { target: "_blank", rel: "noopener noreferrer", class: "button", hidden: "" }, [
    icon("outside"),
    "Open in a tab",
  ]);
  #site;
  /** The built site's address and facts, once there is one. @type {{address: string, facts: string} | null} */
  #built = null;
  #settling = 0;

  /** @param {(job: string) => void} cancel */
  constructor(cancel) {
    this.progress = new Progress("website", cancel);
    this.#output = el("details", { class: "output", open: "", hidden: "" }, [
      el("summary", {}, ["Build output"]),
      this.terminal.element,
    ]);
    const head = el("div", { class: "site-head" }, [this.#facts, this.#open]);
    this.#site = el("div", { class: "site", hidden: "" }, [head, this.#frame.element]);
    this.element.append(this.#empty, this.progress.element, this.#site, this.#output);
  }

  started() {
    show(this.#empty, false);
    show(this.#output, true);
    this.#output.open = true;
  }

  /** The site can be watched while it is written. @param {string} url  on this server */
  live(url) {
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => this.#watch(new URL(url, location.origin).href), SETTLE_MS);
  }

  /** It cannot any more; what was seen last stays until the built site takes its place. */
  still() {
    clearTimeout(this.#settling);
    if (this.element.dataset["live"] !== "true") return;
    this.element.dataset["live"] = "over";
    this.#frame.giveUp();
  }

  /** Nothing came of it: what was built before is shown again. */
  failed() {
    clearTimeout(this.#settling);
    if (this.element.dataset["live"] === "false") return;
    this.element.dataset["live"] = "false";
    if (this.#built) return this.#present(this.#built);
    this.#frame.clear();
    show(this.#site, false);
  }

  /** @param {string} url  of the preview, on this server @param {import("../wire.js").Site} site */
  ready(url, site) {
    clearTimeout(this.#settling);
    show(this.#empty, false);
    if (this.#output.hidden === false) this.#output.open = false;
    this.element.dataset["live"] = "false";
    this.#built = { address: new URL(url, location.origin).href, facts: factsOf(site) };
    this.#present(this.#built);
  }

  /** @param {string} address */
  #watch(address) {
    this.element.dataset["live"] = "true";
    this.element.dataset["wide"] = "true"; // from now on there is something to look at
    show(this.#open, false);
    const name = nameOf(workerOf("website"));
    setText(this.#facts, name ? `Live: it changes as ${name} writes it` : "Live: it changes as it is written");
    show(this.#site, true);
    this.#frame.show(address, { title: "Your website, as it is written", testid: "live-frame" });
  }

  /** @param {{address: string, facts: string}} built */
  #present({ address, facts }) {
    setText(this.#facts, facts);
    this.#open.href = address; // the same for every build: a new frame shows the new one
    show(this.#open, true);
    show(this.#site, true);
    this.#frame.show(address, { title: "Your website", testid: "site-frame" });
  }
}

/** @param {import("../wire.js").Site} site */
function factsOf({ pages, files, seconds, because }) {
  const facts = [];
  if (pages?.length) facts.push(`${pages.length} pages`);
  if (files) facts.push(`${files} files`);
  if (seconds) facts.push(`built in ${seconds.toFixed(1)} s`);
  const built = facts.join(", ");
  return because ? `${built}. A plain version: ${because}` : built;
}
