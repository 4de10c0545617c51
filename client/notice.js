/** The one notice of the room: what is the matter, and the one thing to do about it. Pure. */

import { ADVICE } from "./microphone.js";

const MOVED = "This session is open in another tab or on another device.";
const GONE = "This session is gone: the server was restarted, or the session was deleted or left for too long.";
const NO_REMEDY = new Set(["on", "silenced", "insecure"]);

/** @typedef {{text: string, action: string, urgent: boolean}} Notice  urgent: shown above an open sheet too */

/**
 * @param {{link: import("./human-state.js").Link | undefined, problem: string, away: string, over: boolean,
 *   microphone: import("./microphone.js").MicrophoneState}} facts
 *   problem: what went wrong a moment ago, or ""; away: why the team cannot speak, for as long as that lasts, or ""
 * @returns {Notice}
 */
export function noticeOf({ link, problem, away, over, microphone }) {
  const urgent = true;
  if (link === "moved") return { text: MOVED, action: "Take it back here", urgent };
  if (link === "gone") return { text: GONE, action: "Start a new session", urgent };
  if (problem) return { text: problem, action: "Dismiss", urgent };
  if (over) return { text: "", action: "", urgent: false };
  if (away) return { text: away, action: "", urgent };
  const text = microphone === "off" ? "You take part by text." : ADVICE[microphone];
  return { text, action: NO_REMEDY.has(microphone) ? "" : "Use microphone", urgent: false };
}
