/**
 * When to connect again: a pure policy. The caller owns the timers.
 *
 * A new RTCPeerConnection is always made: the server's stack knows no ICE restart, and the session
 * outlives its peers, so a fresh connection is the quickest way back.
 */

const FIRST_MS = 250;
const CAP_MS = 8000;

/** A short `disconnected` often heals by itself; longer than this it does not. */
export const GRACE_MS = 1500;

/**
 * How long to wait before the next attempt.
 * @param {number} attempt  0 for the first one after a loss
 * @param {number} chance  0 ≤ chance < 1: spreads many pages that lost the same server
 * @returns {number} ms
 */
export function delayMs(attempt, chance) {
  if (attempt === 0) return 0;
  const ceiling = Math.min(CAP_MS, FIRST_MS * 2 ** attempt);
  return Math.round(ceiling * (0.5 + chance / 2));
}

/** @typedef {"wait" | "retry" | "stay"} Decision */

/**
 * What a change of RTCPeerConnection.connectionState asks for.
 * @param {RTCPeerConnectionState} state
 * @returns {Decision} wait: give it GRACE_MS; retry: connect anew now; stay: nothing
 */
export function onConnectionState(state) {
  if (state === "disconnected") return "wait";
  if (state === "failed" || state === "closed") return "retry";
  return "stay";
}

/** @typedef {"retry" | "gone"} Verdict */

/**
 * What a failed request means for the session.
 * @param {number} status  HTTP status, 0 when the server was not reached
 * @returns {Verdict}
 */
export function onStatus(status) {
  return status === 401 || status === 403 || status === 404 || status === 410 ? "gone" : "retry";
}
