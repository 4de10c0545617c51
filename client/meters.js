/** Levels and figures of the connection, read from its statistics ten times a second. */

/**
 * @typedef {object} Figures
 * @property {number} voice  level of what is received, 0 to 1
 * @property {number} microphone  level of what is sent, 0 to 1
 * @property {number | null} jitterBufferMs  mean wait in the jitter buffer since the last reading
 * @property {number | null} jitterMs
 * @property {number | null} rttMs
 * @property {number} packetsLost
 * @property {number} packetsReceived
 * @property {string} path  the selected candidate pair, in words
 */

/** @type {Figures} */
export const NOTHING = {
  voice: 0,
  microphone: 0,
  jitterBufferMs: null,
  jitterMs: null,
  rttMs: null,
  packetsLost: 0,
  packetsReceived: 0,
  path: "",
};

export class Meters {
  #delayS = 0;
  #emitted = 0;
  #energy = 0;
  #durationS = 0;

  /** @param {RTCPeerConnection} pc @returns {Promise<Figures>} */
  async read(pc) {
    const figures = { ...NOTHING };
    const report = await pc.getStats();
    report.forEach((/** @type {any} */ stats) => {
      if (stats.type === "inbound-rtp" && stats.kind === "audio") this.#inbound(figures, stats);
      if (stats.type === "media-source" && stats.kind === "audio") figures.microphone = this.#level(stats);
      if (stats.type === "candidate-pair" && stats.nominated && stats.state === "succeeded") {
        pair(figures, stats, report);
      }
    });
    return figures;
  }

  /**
   * The microphone's level since the last reading: `audioLevel` would stand still when no sound comes at all.
   * @param {any} stats
   */
  #level({ totalAudioEnergy, totalSamplesDuration, audioLevel }) {
    if (totalAudioEnergy === undefined || totalSamplesDuration === undefined) return audioLevel ?? 0;
    const energy = totalAudioEnergy - this.#energy;
    const durationS = totalSamplesDuration - this.#durationS;
    this.#energy = totalAudioEnergy;
    this.#durationS = totalSamplesDuration;
    return energy > 0 && durationS > 0 ? Math.min(1, Math.sqrt(energy / durationS)) : 0;
  }

  /** @param {Figures} figures @param {any} stats */
  #inbound(figures, stats) {
    figures.voice = stats.audioLevel ?? 0;
    figures.jitterMs = stats.jitter === undefined ? null : stats.jitter * 1000;
    figures.packetsLost = stats.packetsLost ?? 0;
    figures.packetsReceived = stats.packetsReceived ?? 0;
    const emitted = (stats.jitterBufferEmittedCount ?? 0) - this.#emitted;
    const delayS = (stats.jitterBufferDelay ?? 0) - this.#delayS;
    if (emitted > 0) figures.jitterBufferMs = Math.max(0, (delayS / emitted) * 1000);
    this.#emitted = stats.jitterBufferEmittedCount ?? 0;
    this.#delayS = stats.jitterBufferDelay ?? 0;
  }
}

/** @param {Figures} figures @param {any} stats @param {RTCStatsReport} report */
function pair(figures, stats, report) {
  const seconds = stats.currentRoundTripTime;
  figures.rttMs = seconds === undefined ? null : seconds * 1000;
  const local = report.get(stats.localCandidateId);
  const remote = report.get(stats.remoteCandidateId);
  const via = local?.candidateType === "relay" || remote?.candidateType === "relay" ? "through a relay" : "direct";
  figures.path = `${local?.candidateType ?? "?"} to ${remote?.candidateType ?? "?"}, ${local?.protocol ?? "?"}, ${via}`;
}
