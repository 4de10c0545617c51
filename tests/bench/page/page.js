// The browser's side of a measurement: peers by name, each with its recorder, its statistics, and one voice for all.

const RATE_HZ = 48_000;
const peers = new Map();
let context, voice;

/** Call once. All sound here runs at 48 kHz, as Opus does. */
async function start() {
  context = new AudioContext({ sampleRate: RATE_HZ });
  await context.audioWorklet.addModule("recorder.js");
  voice = new MediaStreamAudioDestinationNode(context, { channelCount: 1, channelCountMode: "explicit" });
  const hush = new ConstantSourceNode(context, { offset: 0 });
  hush.connect(voice);
  hush.start();
  await context.resume();
}

/** A new connection; returns its offer, without candidates. A peer that `speaks` sends the one voice. */
async function open(name, speaks) {
  const connection = new RTCPeerConnection();
  const peer = { connection, audio: new Audio(), sent: [], blocks: [], recorder: null };
  peers.set(name, peer);
  const track = voice.stream.getAudioTracks()[0].clone();
  const { sender } = connection.addTransceiver(speaks ? track : "audio", {
    direction: speaks ? "sendrecv" : "recvonly",
  });
  if (speaks) watchSender(sender, peer);
  connection.addEventListener("track", ({ streams, track: remote }) => {
    const stream = streams[0] ?? new MediaStream([remote]);
    peer.audio.srcObject = stream; // Chromium plays into WebAudio only what an element plays
    peer.audio.play();
    record(peer, stream);
  });
  const offer = await connection.createOffer();
  await connection.setLocalDescription(offer);
  return offer.sdp;
}

/** Apply the answer; returns when the connection stands. */
async function accept(name, sdp) {
  const { connection } = peers.get(name);
  await connection.setRemoteDescription({ type: "answer", sdp });
  while (connection.connectionState !== "connected") {
    if (connection.connectionState === "failed") throw new Error(`${name} did not connect`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Keep every Opus packet on its way out, as encoded, with its RTP timestamp. */
function watchSender(sender, peer) {
  const worker = new Worker("sender.js");
  worker.addEventListener("message", ({ data }) => peer.sent.push(data));
  peer.worker = worker;
  sender.transform = new RTCRtpScriptTransform(worker, {});
}

function record(peer, stream) {
  const recorder = new AudioWorkletNode(context, "recorder", { channelCount: 1, channelCountMode: "explicit" });
  recorder.port.addEventListener("message", ({ data }) => peer.blocks.push(data));
  recorder.port.start();
  new MediaStreamAudioSourceNode(context, { mediaStream: stream }).connect(recorder).connect(context.destination);
  peer.recorder = recorder;
}

/** What was heard since the last call: 48 kHz mono float32 (base64), and blocks that are missing in it. */
function takeRecording(name) {
  const peer = peers.get(name);
  const blocks = peer.blocks.splice(0);
  const samples = new Float32Array(blocks.reduce((sum, block) => sum + block.samples.length, 0));
  let at = 0, skipped = 0, next = blocks[0]?.frame;
  for (const block of blocks) {
    skipped += block.frame - next;
    next = block.frame + block.samples.length;
    samples.set(block.samples, at);
    at += block.samples.length;
  }
  return { pcm: base64(new Uint8Array(samples.buffer)), skipped };
}

/** All packets sent so far: [RTP timestamp, payload (base64)]. */
function takeSent(name) {
  return peers.get(name).sent.splice(0).map(([timestamp, payload]) => [timestamp, base64(new Uint8Array(payload))]);
}

/** Let the voice say PCM16 24 kHz mono (base64); returns when it has been said. */
async function say(pcm) {
  const bytes = Uint8Array.from(atob(pcm), (char) => char.charCodeAt(0));
  const samples = new Int16Array(bytes.buffer);
  const buffer = new AudioBuffer({ length: samples.length, sampleRate: 24_000 });
  buffer.copyToChannel(Float32Array.from(samples, (sample) => sample / 32_768), 0);
  const source = new AudioBufferSourceNode(context, { buffer });
  source.connect(voice);
  await new Promise((resolve) => {
    source.addEventListener("ended", resolve);
    source.start();
  });
}

/** The inbound stream's and the selected pair's statistics, and the address that the browser sends to. */
async function statistics(name) {
  const report = await peers.get(name).connection.getStats();
  const all = [...report.values()];
  const transport = all.find(({ type }) => type === "transport");
  const pair = report.get(transport.selectedCandidatePairId);
  const remote = report.get(pair.remoteCandidateId);
  return {
    inbound: all.find(({ type }) => type === "inbound-rtp") ?? {},
    outbound: all.find(({ type }) => type === "outbound-rtp") ?? {},
    remote: [remote.address, remote.port],
  };
}

function close(name) {
  const peer = peers.get(name);
  peers.delete(name);
  peer.connection.close();
  peer.recorder?.disconnect();
  peer.worker?.terminate();
}

function base64(bytes) {
  const parts = [];
  for (let at = 0; at < bytes.length; at += 32_766) {
    parts.push(btoa(String.fromCharCode(...bytes.subarray(at, at + 32_766))));
  }
  return parts.join("");
}

globalThis.bench = { start, open, accept, say, statistics, takeRecording, takeSent, close };
