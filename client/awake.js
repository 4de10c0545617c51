/** Keeps the screen on while the team talks; phones would otherwise fall asleep in the middle. */

export class Awake {
  #wanted = false;
  /** @type {WakeLockSentinel | null} */
  #lock = null;

  constructor() {
    document.addEventListener("visibilitychange", () => {
      if (this.#wanted && document.visibilityState === "visible") this.#acquire();
    });
  }

  /** @param {boolean} wanted */
  keep(wanted) {
    if (wanted === this.#wanted) return;
    this.#wanted = wanted;
    if (wanted) this.#acquire();
    else this.#lock?.release().catch(() => {});
  }

  async #acquire() {
    try {
      this.#lock = (await navigator.wakeLock?.request("screen")) ?? null;
    } catch {
      this.#lock = null; // a low battery or a hidden page: the session goes on without
    }
  }
}
