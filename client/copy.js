/** A button that puts a text on the clipboard, and says whether that worked. */

import { el, icon, setText } from "./dom.js";

const SAID_MS = 2500;

/** @param {() => string} text  asked for when the button is pressed @param {string} testid */
export function copyButton(text, testid) {
  const label = el("span", { role: "status" }, ["Copy the text"]);
  const button = el("button", { type: "button", class: "copy", "data-testid": testid }, [icon("copy"), label]);
  let timer = 0;
  button.onclick = async () => {
    const copied = await write(text());
    setText(label, copied ? "Copied" : "Not copied: select it and copy it by hand");
    clearTimeout(timer);
    timer = window.setTimeout(() => setText(label, "Copy the text"), SAID_MS);
  };
  return button;
}

/** @param {string} text */
async function write(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false; // refused, or the page came over plain http
  }
}
