/** The build as it runs, then the site itself. */

import { el, icon, show } from "../dom.js";
import { Progress } from "./progress.js";
import { emptyOf } from "./research.js";
import { Terminal } from "./terminal.js";

/** The site may run its own scripts, but as a stranger: no access to this page, its storage or its token. */
const SANDBOX = "allow-scripts allow-forms allow-popups";

export class BuildPanel {
  element = el("div", { class: "stack build" });
  progress;
  terminal = new Terminal();
  #empty = emptyOf("website", (who) => `${who} builds your website here. You can watch every line.`);
  #output;
  #site = el("div", { class: "site", hidden: "" });

  /** @param {(job: string) => void} cancel */
  constructor(cancel) {
    this.progress = new Progress("website", cancel);
    this.#output = el("details", { class: "output", open: "", hidden: "" }, [
      el("summary", {}, ["Build output"]),
      this.terminal.element,
    ]);
    this.element.append(this.#empty, this.progress.element, this.#site, this.#output);
  }

  started() {
    show(this.#empty, false);
    show(this.#output, true);
    this.#output.open = true;
  }

  /** @param {string} url  of the preview, on this server @param {import("../wire.js").Site} site */
  ready(url, site) {
    show(this.#empty, false);
    if (this.#output.hidden === false) this.#output.open = false;
    show(this.#site, true);
    const address = new URL(url, location.origin).href; // the same for every build: a new frame shows the new one
    const frame = el("iframe", {
      src: address,
      sandbox: SANDBOX,
      referrerpolicy: "no-referrer",
      title: "Your website",
      "data-testid": "site-frame",
    });
    const open = el("a", { href: address, target: "_blank", rel: "noopener noreferrer", class: "button" }, [
      icon("outside"),
      "Open in a tab",
    ]);
    const head = el("div", { class: "site-head" }, [el("p", { class: "fine" }, [factsOf(site)]), open]);
    this.#site.replaceChildren(head, frame);
  }
}

/** @param {import("../wire.js").Site} site */
function factsOf({ pages, files, seconds }) {
  const facts = [];
  if (pages?.length) facts.push(`${pages.length} pages`);
  if (files) facts.push(`${files} files`);
  if (seconds) facts.push(`built in ${seconds.toFixed(1)} s`);
  return facts.join(", ");
}
