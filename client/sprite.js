/** The drawings: loaded once and kept in the document, so that no icon asks the server again. */

const PREFIX = "drawing-"; // the page's own ids are near: "stop" is a button, too

/** The address by which `<use>` finds a drawing. @param {string} name */
export function drawing(name) {
  return `#${PREFIX}${name}`;
}

async function load() {
  const response = await fetch(new URL("drawings.svg", import.meta.url));
  if (!response.ok) throw new Error(`the drawings are not to be had: ${response.status}`);
  const sheet = new DOMParser().parseFromString(await response.text(), "image/svg+xml").documentElement;
  for (const symbol of sheet.querySelectorAll("symbol")) symbol.id = PREFIX + symbol.id;
  sheet.setAttribute("hidden", "");
  document.body.append(document.importNode(sheet, true));
}

load().catch((error) => console.warn(error)); // every button has its name without a picture, too
