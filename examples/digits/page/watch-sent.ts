// Tells on a channel named like this worker what it posts: whole messages, as they go out.
const channel = new BroadcastChannel(self.name);
const send = self.fetch.bind(self);
self.fetch = (url, request) => {
  if (request?.method === 'POST' && request.body instanceof Uint8Array) channel.postMessage(request.body.slice());
  return send(url, request);
};

export {};
