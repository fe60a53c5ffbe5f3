import { runParticipant } from '@xaynet/participant';

const target = 0.25 + Math.random() / 2; // stands for data that never leaves this process
const run = runParticipant({
  url: process.argv[2] ?? 'http://127.0.0.1:8081',
  train: async (global, { length }) => {
    const weights = Float32Array.from(global?.weights ?? new Float32Array(length), Number);
    return weights.map((weight) => weight + 0.5 * (target - weight)); // here goes your training
  },
  onGlobalModel: (model) => console.log(model === undefined ? 'no global model yet' : `global model: ${model.weights}`),
});
for await (const { type, round, error, task, tag, waitingFor } of run.events()) {
  console.log([type, round?.slice(0, 8), error?.message ?? task ?? tag ?? waitingFor].filter(Boolean).join(' '));
}
