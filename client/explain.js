/** Failures in words: what happened, and what to do about it. */

import { RequestError } from "./session.js";

/** @type {Record<string, string>} code → what to do; the server's own sentence says what happened */
const REMEDY = {
  full: "Try again in a minute.",
  busy: "Try again in a minute.",
  draining: "Try again in a minute.",
  too_many: "Wait a moment, then try again.",
  internal: "Try again; if it stays, stop the session and start a new one.",
  bad_text: "Shorten it or write something, then send it again.",
  too_large: "Shorten it and send it again.",
  superseded: "The new version is shown; approve that one.",
  expired: "The text stays here; copy it to use it yourself.",
  already_decided: "Nothing more needs to be done.",
  session_ended: "Start a new session to go on.",
  not_ready: "Try again in a moment.",
  unknown_session: "Start a new session.",
  bad_origin: "Open the page under the server's own address.",
  bad_host: "Open the page under the server's own address.",
  no_room: "The conversation goes on without it.",
  line_lost: "They come back by themselves in a moment.",
  line_restored: "The conversation goes on.",
  build_failed: "Correct an answer and it is built again.",
  voice_failed: "What was to be said is on the screen.",
};

/**
 * @param {unknown} error
 * @returns {string} one or two sentences
 */
export function explain(error) {
  if (!(error instanceof RequestError)) return "Something broke in this page. Load it again; your session is kept.";
  if (error.status === 0) return "The server was not reached. Check your connection and try again.";
  return withRemedy(error.message, error.code);
}

/** The same without what to do: that is offered beside it. @param {unknown} error */
export function whatWentWrong(error) {
  return error instanceof RequestError && error.status !== 0 ? withRemedy(error.message, "") : explain(error);
}

/** Why a session stopped: the summary's title. @type {Record<string, string>} */
const ENDS = {
  human: "You stopped the session",
  voices_lost: "The session ended: the voices were lost",
  shutdown: "The session ended: the server was shut down",
  expired: "The session has expired",
};

/** @param {string} reason */
export function endTitle(reason) {
  return ENDS[reason] ?? "The session ended: something broke on our side";
}

/** @param {string} message @param {string} code */
export function withRemedy(message, code) {
  const sentence = /[.!?]$/.test(message) ? message : `${message}.`;
  const remedy = REMEDY[code] ?? "";
  return remedy ? `${sentence} ${remedy}` : sentence;
}
