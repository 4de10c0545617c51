/** What the bottom bar says about you and the room: one state, from the facts. Pure. */

import { nameOf } from "./people.js";

/** @typedef {"connecting" | "live" | "reconnecting" | "moved" | "gone" | "ended"} Link */

/**
 * @typedef {object} Facts
 * @property {Link} link
 * @property {boolean} over  the session has ended
 * @property {number} attempts  connection attempts since the last good one
 * @property {boolean} blocked  the browser waits for a tap before it plays
 * @property {boolean} paused  the server thinks that nobody listens
 * @property {boolean} listening  the team waits for the human
 * @property {boolean} deciding  the post waits for the human's decision
 * @property {boolean} away  the team's voices are disconnected
 * @property {boolean} heard  the human is being heard speaking
 * @property {boolean} pending  the human said something, and nobody has answered yet
 * @property {string} speaker  who is heard now, or ""
 * @property {string} work  what is being done for the human and how far, or ""
 * @property {boolean} hasMicrophone
 * @property {boolean} muted
 */

/**
 * @param {Facts} facts
 * @returns {{id: string, text: string}}
 */
export function stateOf(facts) {
  return linkState(facts) ?? talkState(facts);
}

/** @param {Facts} facts */
function linkState({ link, over, attempts, blocked }) {
  if (over || link === "ended") return { id: "ended", text: "The session is over" };
  if (link === "gone") return { id: "gone", text: "This session is no longer there" };
  if (link === "moved") return { id: "moved", text: "The session moved to another tab or device" };
  if (link === "connecting") return { id: "connecting", text: "Connecting you with the team" };
  if (link === "reconnecting") {
    return { id: "reconnecting", text: attempts > 1 ? `Reconnecting, attempt ${attempts}` : "Reconnecting" };
  }
  return blocked ? { id: "blocked", text: "Tap to hear the team" } : null;
}

/** @param {Facts} facts */
function talkState({ paused, listening, deciding, away, heard, pending, speaker, work, hasMicrophone, muted }) {
  if (heard) return { id: "heard", text: "You are heard" };
  if (speaker) return { id: "speaking", text: `${nameOf(speaker)} is speaking` };
  if (pending) return { id: "thinking", text: "Thinking about what you said" };
  if (listening && !hasMicrophone) return { id: "listening", text: "Your turn: type your answer" };
  if (listening && muted) return { id: "listening", text: "Your turn: you are muted" };
  if (listening) return { id: "listening", text: "Listening: your turn" };
  if (deciding) return { id: "deciding", text: "Your turn: approve or reject" };
  if (away) return { id: "waiting", text: "The team's voices are coming back" };
  if (work) return { id: "working", text: work };
  if (paused) return { id: "waiting", text: "The team waits for you" };
  return { id: "waiting", text: "One moment" };
}
