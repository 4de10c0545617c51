// Tells the page of every encoded frame on its way to the network, and lets it go on unchanged.

self.addEventListener("rtctransform", ({ transformer }) => {
  const watch = new TransformStream({
    transform(frame, controller) {
      self.postMessage([frame.getMetadata().rtpTimestamp ?? frame.timestamp, frame.data.slice(0)]);
      controller.enqueue(frame);
    },
  });
  transformer.readable.pipeThrough(watch).pipeTo(transformer.writable);
});
