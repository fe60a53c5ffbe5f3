// What an embedder gives to an engine, for the shells of JavaScriptCore and Hermes, which have none: timers that keep their time (the shells
// run callbacks at once, and know no `clearTimeout`) and `crypto.getRandomValues` (a counter: nothing here is secret). Browsers and React
// Native bring their own. Plain ES5, put before the bundle as it is.
((global) => {
  var later = global.setTimeout;
  var timers = [];
  var ids = 0;
  var running = false;
  var chance = 20261122;
  function turn() {
    if (timers.length > 0 && timers[0].at <= Date.now()) {
      later(turn, 0);
      timers.shift().run();
      return;
    }
    running = timers.length > 0;
    if (running) later(turn, 1);
  }
  global.setTimeout = (run, ms) => {
    var timer = { id: ++ids, at: Date.now() + (ms || 0), run: run };
    var i = timers.length;
    while (i > 0 && timers[i - 1].at > timer.at) i--;
    timers.splice(i, 0, timer);
    if (!running) later(turn, 0);
    running = true;
    return timer.id;
  };
  global.clearTimeout = (id) => {
    timers = timers.filter((timer) => timer.id !== id);
  };
  global.setImmediate = undefined;
  global.crypto = {
    getRandomValues: (bytes) => {
      for (let i = 0; i < bytes.length; i++) {
        chance = (Math.imul(chance, 1103515245) + 12345) & 0x7fffffff;
        bytes[i] = chance >> 16;
      }
      return bytes;
    },
  };
})(globalThis);
