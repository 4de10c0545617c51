/** The post's picture: who made it, what it shows, and another one, or none. */

import { el, setText, show } from "../dom.js";
import { tooMany } from "../writing.js";

/** As the server holds to it, in characters. */
const ALT_MAX = 4086;

/**
 * @typedef {"another" | "card" | "none"} Wish
 * @typedef {object} PictureActions
 * @property {(alt: string) => Promise<string>} describe  returns what went wrong, or ""
 * @property {(picture: Wish) => Promise<string>} picture  the same
 * @property {(address: string) => string} asset  the address with which an image is fetched
 * @typedef {{image: string, alt: string, picture_by?: string, because?: string}} Drawn
 */

export class PostPicture {
  element = el("div", { class: "picture" });
  #actions;
  #onChange;
  #image = el("img", { class: "post-image", alt: "", width: "1200", height: "627", hidden: "", "data-testid": "post-image" });
  #by = el("p", { class: "fine", "data-testid": "post-picture-by" });
  #alt = el("textarea", { rows: "2", id: "post-alt", "data-testid": "post-alt" });
  #label = el("label", { for: "post-alt", class: "fine" }, ["What the picture shows, for those who cannot see it"]);
  #save = el("button", { type: "button", "data-testid": "post-alt-save" }, ["Save the description"]);
  #another = el("button", { type: "button", "data-testid": "post-picture-another" }, ["Another picture"]);
  #card = el("button", { type: "button", "data-testid": "post-picture-card" }, ["The card instead"]);
  #none = el("button", { type: "button", "data-testid": "post-picture-none" }, ["Without picture"]);
  #wrong = el("p", { class: "failure", role: "alert", hidden: "", "data-testid": "post-picture-failure" });
  #buttons = el("div", { class: "buttons" }, [this.#save, this.#another, this.#card, this.#none]);
  #summary = el("summary", { "data-testid": "post-picture-change" });
  #change = el("details", { class: "output" }, [this.#summary, el("div", { class: "picture" }, [this.#label, this.#alt, this.#buttons])]);
  #saved = "";
  #by_model = false;
  #busy = false;
  #drawing = false;
  #open = true;

  /** @param {PictureActions} actions @param {() => void} onChange  what is written changed */
  constructor(actions, onChange) {
    this.#actions = actions;
    this.#onChange = onChange;
    this.element.append(this.#image, this.#by, this.#change, this.#wrong);
    this.#alt.oninput = () => this.#refresh();
    this.#save.onclick = () => this.#run(async () => {
      const alt = this.#alt.value.trim();
      const wrong = await this.#actions.describe(alt);
      if (!wrong) this.#saved = alt;
      return wrong;
    });
    this.#another.onclick = () => this.#want("another");
    this.#card.onclick = () => this.#want("card");
    this.#none.onclick = () => this.#want("none");
    this.#refresh();
  }

  /** Whether the description was changed and not saved. */
  get dirty() {
    return !this.#image.hidden && this.#alt.value.trim() !== this.#saved.trim();
  }

  /** @param {Drawn} drawn */
  show({ image, alt, picture_by = "", because = "" }) {
    const editing = this.dirty;
    const address = image && this.#actions.asset(image);
    const another = address !== "" && this.#image.src !== new URL(address, location.href).href;
    this.#saved = alt;
    if (!editing || another) this.#alt.value = alt;
    show(this.#image, image !== "");
    if (address && another) this.#image.src = address;
    this.#image.alt = alt;
    this.#by_model = picture_by === "model";
    setText(this.#by, image ? [MADE[picture_by] ?? "", because].filter(Boolean).join(" ") : "The post has no picture.");
    this.#refresh();
  }

  /** A picture is being made, or not any more. @param {boolean} drawing */
  draws(drawing) {
    this.#drawing = drawing;
    if (drawing) show(this.#wrong, false);
    this.#refresh();
  }

  /** @param {boolean} open  whether it can still be changed */
  allow(open) {
    if (open === this.#open) return;
    this.#open = open;
    if (!open) this.#alt.value = this.#saved;
    this.#refresh();
  }

  #refresh() {
    const there = !this.#image.hidden;
    const idle = !this.#busy && !this.#drawing;
    const long = this.#open ? tooMany(this.#alt.value, ALT_MAX) : "";
    show(this.#change, there || this.#open);
    setText(this.#summary, !this.#open ? "About the picture" : there ? "Change the picture" : "Add a picture");
    show(this.#label, there);
    show(this.#alt, there);
    this.#alt.readOnly = !this.#open;
    this.#alt.setAttribute("aria-invalid", String(long !== ""));
    show(this.#save, this.#open && this.dirty);
    show(this.#another, this.#open);
    show(this.#card, this.#open && (this.#by_model || !there));
    show(this.#none, this.#open && there);
    this.#save.disabled = this.#busy || long !== "" || this.#alt.value.trim() === "";
    for (const button of [this.#another, this.#card]) button.disabled = !idle;
    this.#none.disabled = this.#busy;
    setText(this.#another, there ? "Another picture" : "Make a picture");
    setText(this.#card, there ? "The card instead" : "Draw the card");
    this.#onChange();
  }

  /** @param {Wish} picture */
  #want(picture) {
    return this.#run(() => this.#actions.picture(picture));
  }

  /** @param {() => Promise<string>} request */
  async #run(request) {
    this.#busy = true;
    this.#refresh();
    const wrong = await request();
    this.#busy = false;
    setText(this.#wrong, wrong);
    show(this.#wrong, wrong !== "");
    this.#refresh();
  }
}

/** @type {Record<string, string>} */
const MADE = {
  model: "Generated by an image model.",
  card: "A card, drawn here from your brief.",
};
