// Everything that it hears, in blocks of 4096 samples, with the number of the first.

const BLOCK_SAMPLES = 4096;

class Recorder extends AudioWorkletProcessor {
  constructor() {
    super();
    this.samples = new Float32Array(BLOCK_SAMPLES);
    this.filled = 0;
    this.frame = 0;
  }

  process([[channel]]) {
    if (!channel) return true;
    if (!this.filled) this.frame = currentFrame;
    this.samples.set(channel, this.filled);
    this.filled += channel.length;
    if (this.filled === BLOCK_SAMPLES) {
      this.port.postMessage({ frame: this.frame, samples: this.samples });
      this.filled = 0;
    }
    return true;
  }
}

registerProcessor("recorder", Recorder);
