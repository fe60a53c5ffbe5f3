// `xaynet doctor`: looks at this machine, and at a coordinator if one is named, and says what is wrong and what to do. Here: its options, and where
// the output goes. What it looks at is in doctor/.

import type { Command } from 'commander';
import { explain } from '../help/manual.ts';
import { addTlsOptions, type TlsFiles } from '../operator/tls.ts';
import { columnsOf, paintOn, type Terminal } from '../screen.ts';
import { Progress } from '../terminal/progress.ts';

interface DoctorOptions extends TlsFiles {
  readonly url?: string;
  readonly config?: string;
  readonly json?: true;
}

/** Adds `doctor` to `program`; `exit` takes the exit code. */
export function addDoctor(program: Command, exit: (code: number) => void, { out, err, env }: Terminal): void {
  const command = program
    .command('doctor')
    .summary('see whether all is well on this machine, and what to do where not')
    .description(
      'Checks what rounds need: the runtime, memory and open files, masking and its speed, the cryptographic libraries, the clock, the data folder and its disk, the Redis and the S3 buckets of the settings, the addresses to listen on, certificates, and a coordinator that is named. Each finding is in order, a warning, a fault, or cannot be told here; where something is to be done it says what. It takes about two seconds and leaves nothing behind.',
    )
    .option(
      '-c, --config <file>',
      'settings of a coordinator that is to run here: its folder, disk, addresses and needs (default: those of the default settings)',
    )
    .optionsGroup('Coordinator:')
    .option('--url <url>', 'base URL of a coordinator to look at as well');
  addTlsOptions(command)
    .optionsGroup('Options:')
    .option('--json', 'one JSON document on standard output')
    .action(async ({ url, config, json, ...tls }: DoctorOptions) => {
      const [{ examine }, { countsOf, findingLines, groupTitle, verdictLine }] = await Promise.all([
        import('../doctor/examine.ts'),
        import('../doctor/text.ts'),
      ]);
      const begun = performance.now();
      const progress = new Progress(err, { env });
      const paint = paintOn(out, env);
      const findings = [];
      const connection = url === undefined ? undefined : { url, ...tls };
      const say = (lines: readonly string[]): void => progress.above(() => out.write(`${lines.join('\n')}\n`));
      try {
        for await (const finding of examine({ config, connection, env, tell: (what) => progress.tell(what) })) {
          const title = groupTitle(finding.id, findings.at(-1)?.id);
          findings.push(finding);
          if (json) continue;
          if (title !== undefined) say([...(findings.length > 1 ? [''] : []), paint('bold', title)]);
          say(findingLines(finding, columnsOf(out), paint));
        }
      } finally {
        progress.end();
      }
      const counts = countsOf(findings);
      const seconds = Math.round(performance.now() - begun) / 1000;
      if (json) out.write(`${JSON.stringify({ ok: counts.fault === 0, counts, seconds, findings }, undefined, 2)}\n`);
      else say(['', `${verdictLine(findings, paint)}; ${seconds.toFixed(1)} s`]);
      if (counts.fault > 0) exit(1);
    });
  explain(command, {
    notes: [
      'Settings are those of --config with XAYNET__… variables over them. The disk and memory that rounds need are known with --config alone; xaynet coordinator check says more of them.',
    ],
    json: [
      '{"ok": no fault, "counts": {"ok", "warning", "fault", "unknown"}, "seconds", "findings": [{"id", "state": "ok", "warning", "fault" or "unknown", "found", "todo": where something is to be done, "data": what was measured, in bytes, milliseconds and counts}, …]}. Ids do not change within a version.',
    ],
    environment: [['XAYNET__…', 'settings over those of the file']],
    exits: [
      ['0', 'no fault; there may be warnings'],
      ['1', 'there is a fault'],
    ],
    examples: [
      ['xaynet doctor', 'this machine'],
      ['xaynet doctor -c coordinator.toml', 'before a coordinator is started with these settings'],
      ['xaynet doctor --url https://example.org/pet', 'and a coordinator, as a participant meets it'],
      ['xaynet doctor --json | jq \'.findings[] | select(.state != "ok")\'', 'what is not in order, for another program'],
    ],
    seeAlso: ['docs/OPERATING.md', 'xaynet coordinator check', 'xaynet coordinator status'],
  });
}
