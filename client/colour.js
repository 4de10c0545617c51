/** One accent colour as text and as paper, readable in the light and in the dark. Pure. */

/** @typedef {[number, number, number]} Rgb  0 to 255 */

const AA = 4.6; // a little over the 4.5 that WCAG asks for, for rounding
/** @type {Rgb} The darkest paper that accents are written on in the light (style.css: --sunken). */
const LIGHT = [236, 233, 225];
/** @type {Rgb} The lightest one in the dark (style.css: --raised). */
const DARK = [34, 38, 44];
/** @type {Rgb} */
const WHITE = [255, 255, 255];
/** @type {Rgb} */
const BLACK = [0, 0, 0];

/** @param {string} accent  like #2f6fed */
export function shadesOf(accent) {
  const colour = parse(accent);
  return {
    onLight: hex(until(colour, BLACK, LIGHT)),
    onDark: hex(until(colour, WHITE, DARK)),
    paperLight: hex(mix(colour, WHITE, 0.82)),
    paperDark: hex(mix(colour, DARK, 0.7)),
  };
}

/** WCAG 2 contrast of two colours, 1 to 21. @param {Rgb} a @param {Rgb} b */
export function contrast(a, b) {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (/** @type {number} */ (high) + 0.05) / (/** @type {number} */ (low) + 0.05);
}

/** @param {string} text @returns {Rgb} */
export function parse(text) {
  const number = parseInt(text.slice(1), 16) || 0;
  return [number >> 16, (number >> 8) & 255, number & 255];
}

/** The colour, drawn towards `pole` until it is readable on `paper`. @param {Rgb} colour @param {Rgb} pole @param {Rgb} paper */
function until(colour, pole, paper) {
  for (let share = 0; share < 1; share += 0.04) {
    const mixed = mix(colour, pole, share);
    if (contrast(mixed, paper) >= AA) return mixed;
  }
  return pole;
}

/** @param {Rgb} a @param {Rgb} b @param {number} share  of b @returns {Rgb} */
function mix(a, b, share) {
  const part = (/** @type {0 | 1 | 2} */ n) => Math.round(a[n] + (b[n] - a[n]) * share);
  return [part(0), part(1), part(2)];
}

/** @param {Rgb} colour */
function luminance(colour) {
  const [r, g, b] = colour.map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * (r ?? 0) + 0.7152 * (g ?? 0) + 0.0722 * (b ?? 0);
}

/** @param {Rgb} colour */
function hex(colour) {
  return `#${colour.map((value) => value.toString(16).padStart(2, "0")).join("")}`;
}
