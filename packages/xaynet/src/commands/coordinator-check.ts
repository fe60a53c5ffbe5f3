// `xaynet coordinator check`: says before a start what is wrong with a settings file, what is risky in it, and what a coordinator with it will
// need and have its participants do. It opens no port and no store.

import type { Command } from 'commander';
import { size } from '../figures.ts';
import { explain } from '../help/manual.ts';
import { paintOn, type Terminal } from '../screen.ts';

/** Adds `check` to `group`. */
export function addCheck(group: Command, { out, env }: Terminal): void {
  const print = (text: string): void => void out.write(text);
  const command = group
    .command('check')
    .summary('check a settings file, and see what it costs')
    .description(
      'Checks a settings file with the XAYNET__… variables over it, and the certificates it names; prints notices, and the memory, disk, network and computing that rounds with it need. Exits with 1 when something is wrong. It opens no port and no store, and measures masking for a quarter of a second.',
    )
    .requiredOption('-c, --config <file>', 'settings in TOML')
    .option('--json', 'one JSON document: sizes in bytes, times in seconds')
    .action(async ({ config: file, json }: { config: string; json?: true }) => {
      const [{ loadSettings, readTls }, { explain: explanationOf }, { measureMaskTimes }, { needsOf }, { explanationLines }, { grouped }] = await Promise.all([
        import('@xaynet/coordinator'),
        import('../config/explanation.ts'),
        import('../config/times.ts'),
        import('../operator/needs.ts'),
        import('../config/text.ts'),
        import('../figures.ts'),
      ]);
      const settings = loadSettings(file, env);
      const { api, admin, pet, store, record, modelLength, mask } = settings;
      const notices = [...settings.notices, ...(api.tls === undefined ? [] : readTls(api.tls).notices), ...exposed(settings)];
      const rounds = {
        smallest: { updates: pet.update.count.min, sums: pet.sum.count.min },
        largest: { updates: pet.update.count.max, sums: pet.sum.count.max },
      };
      const needs = { smallest: needsOf(settings, rounds.smallest), largest: needsOf(settings, rounds.largest) };
      const explanation = explanationOf(mask, { length: modelLength, ...rounds.smallest }, measureMaskTimes(mask));
      if (json) return print(`${JSON.stringify({ file, ok: true, notices, rounds, needs, masking: explanation }, undefined, 2)}\n`);
      const column = (name: string, of: (need: (typeof needs)['smallest']) => number): string =>
        `  ${name.padEnd(38)}${size(of(needs.smallest)).padStart(10)}${size(of(needs.largest)).padStart(12)}`;
      const total = ({ disk }: (typeof needs)['smallest']): number => Object.values(disk).reduce((sum, bytes) => sum + bytes, 0);
      print(
        `${[
          `${file}: nothing is wrong`,
          `  listens on ${api.host.includes(':') ? `[${api.host}]` : api.host}:${api.port}, ${api.tls === undefined ? 'plain HTTP' : api.tls.clientAuth === undefined ? 'HTTPS' : 'HTTPS with client certificates'}; ${admin === undefined ? 'no admin routes' : `admin routes on ${admin.host}:${admin.port}`}`,
          `  ${keptIn(settings)}`,
          ...(record === undefined ? [] : [`  ${recordingLine(record)}`]),
          ...notices.map((notice) => `  notice: ${notice}`),
          '',
          `  a coordinator with it needs, at most      ${`U = ${grouped(rounds.smallest.updates)}`.padStart(7)}${`U = ${grouped(rounds.largest.updates)}`.padStart(12)}`,
          `  ${''.padEnd(38)}${`S = ${grouped(rounds.smallest.sums)}`.padStart(10)}${`S = ${grouped(rounds.largest.sums)}`.padStart(12)}`,
          column(`memory, ${needs.smallest.uploads} uploads at once`, ({ memory }) => memory),
          column(store.kind === 'redis' ? (store.blobs === 's3' ? 'in Redis and S3' : 'memory of Redis') : 'disk', total),
          column('  contributions and checkpoints', ({ disk }) => disk.contributions),
          column('  dictionaries', ({ disk }) => disk.dictionaries),
          column(`  models (keep_models = ${store.keepModels === 0 ? 'all, 100 here' : store.keepModels})`, ({ disk }) => disk.models),
          column('  records of rounds', ({ disk }) => disk.records),
          column('an update message', ({ updateMessage }) => updateMessage),
          column('received in a round', ({ received }) => received),
          column('sent to sum participants', ({ sentToSumParticipants }) => sentToSumParticipants),
          column('sent for each download of the model', ({ sentPerModelDownload }) => sentPerModelDownload),
          '',
          `what its smallest round asks of everybody (xaynet config explain ${mask.name} --length ${modelLength}):`,
          '',
          ...explanationLines(explanation, paintOn(out, env)),
        ].join('\n')}\n`,
      );
    });
  explain(command, {
    json: [
      '{"file", "ok": true, "notices": texts, "rounds": {"smallest", "largest"}, "needs": {"smallest": {"memory", "disk": {…}, "received", …}, "largest": {…}}, "masking": as xaynet config explain --json}; sizes in bytes, times in seconds.',
    ],
    environment: [['XAYNET__…', 'settings over those of the file: XAYNET__PET__SUM__PROB=0.5 stands for prob in [pet.sum]']],
    files: [['coordinator.toml', 'the settings, and the certificates and keys that they name']],
    examples: [
      ['xaynet coordinator check -c coordinator.toml', 'is it right, and what does it need'],
      ['xaynet coordinator check -c coordinator.toml --json | jq .needs.largest', 'memory and disk of the largest round'],
    ],
    seeAlso: ['docs/SETTINGS.md', 'docs/OPERATING.md', 'xaynet doctor'],
  });
}

/** Where rounds are recorded, and how large that becomes. */
function recordingLine({ path, maxBytes, keep }: { path: string; maxBytes: number; keep: number }): string {
  const most = keep === 0 ? 'for ever (keep = 0): it grows without end' : `up to ${size(keep * maxBytes)}`;
  return `records the events of rounds in ${path}, ${most}; xaynet replay shows them`;
}

/** Where rounds and models are. */
function keptIn({ store, redis, s3 }: Awaited<ReturnType<typeof import('@xaynet/coordinator')['loadSettings']>>): string {
  const { globalModels, rounds } = s3?.buckets ?? {};
  const copies = s3 === undefined ? '' : `; copies of models in the bucket ${globalModels}`;
  if (store.kind === 'memory') return `keeps everything in memory: a restart loses the round and all models${copies}`;
  if (store.kind === 'embedded') return `keeps rounds and models in ${store.path}${copies}`;
  return `keeps rounds and models in Redis under the prefix ${redis?.prefix}${s3 === undefined ? '' : `, large bytes in the buckets ${globalModels} and ${rounds}`}`;
}

/** What an operator may not have meant: reachable by everybody, and anybody on the way can read and change it. */
function exposed({ api }: Awaited<ReturnType<typeof import('@xaynet/coordinator')['loadSettings']>>): string[] {
  const loopback = /^(127\.|::1$)/.test(api.host);
  const notices: string[] = [];
  if (!loopback && api.tls === undefined && api.trustedProxies.length === 0) {
    notices.push(
      '[api] listens beyond this machine without TLS: put certificates in api.tls_certificate and api.tls_key, or a proxy in front (docs/OPERATING.md).',
    );
  }
  return notices;
}
