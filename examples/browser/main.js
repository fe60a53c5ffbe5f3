const target = 0.25 + Math.random() / 2; // stands for data that never leaves this page
const run = xaynet.runBrowserParticipant({
  url: new URLSearchParams(location.search).get('coordinator') ?? 'http://127.0.0.1:8081',
  train: async (global, { length }) => {
    const weights = Float32Array.from(global?.weights ?? new Float32Array(length), Number);
    return weights.map((weight) => weight + 0.5 * (target - weight)); // here goes your training
  },
});
for await (const event of run.events()) document.querySelector('#log').textContent += `${event.type} ${event.error?.message ?? ''}\n`;
