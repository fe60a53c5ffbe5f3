// The coordinator's own commands: a settings file from init to check, and a process that is told to read it again and to stop.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseSettings } from '@xaynet/coordinator';
import { main } from '../main.ts';

const BIN = fileURLToPath(new URL('../../bin/xaynet.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'xaynet-coordinator-'));
const started: ChildProcess[] = [];
after(() => {
  for (const child of started) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

async function here(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const code = await main(['coordinator', ...args], { out: (text) => (out += text), err: (text) => (err += text) });
  return { code, out, err };
}

describe('init and check', () => {
  test('a file that parses to the defaults, is not replaced, and is checked', async () => {
    const file = join(folder, 'made.toml');
    const { code, out } = await here('init', file, '--length', '1000');
    assert.equal(code, 0);
    assert.deepEqual(out.split('\n').slice(0, 2), [
      `${file} written (mode 0600: it may come to hold secrets)`,
      `next: xaynet coordinator check -c ${file}   # what it costs; then the same without check`,
    ]);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.deepEqual(parseSettings(readFileSync(file, 'utf8')), parseSettings({ model: { length: 1000 } }));
    const again = await here('init', file);
    assert.deepEqual([again.code, /file-exists/.test(again.err)], [1, true]);
    assert.match((await here('init', file, '--force')).out, /^next: set length in \[model\]/m);
    const unfinished = await here('check', '-c', file);
    assert.deepEqual([unfinished.code, /model\.length: is missing/.test(unfinished.err)], [1, true], unfinished.err);
  });

  test('check says which buckets are used, and tells no key', async () => {
    const file = join(folder, 'buckets.toml');
    const s3 = '[s3]\nregion = "eu-west-1"\naccess_key = "hush"\nsecret_access_key = "hush"\nbuckets.global_models = "published"\n';
    for (const [store, expected] of [
      ['blobs = "s3"', /keeps rounds and models in xaynet-data; copies of models in the bucket published\n/],
      ['blobs = "s3"\nkind = "memory"', /loses the round and all models; copies of models in the bucket published\n/],
      [
        `blobs = "s3"\nkind = "redis"\nkey = "${'a5'.repeat(32)}"\n[redis]\nurl = "redis://x"`,
        /in Redis under the prefix xaynet, large bytes in the buckets published and published-rounds\n/,
      ],
      ['', /keeps rounds and models in xaynet-data\n[\s\S]*notice: \[s3\] .* is read but not used/],
    ] as const) {
      writeFileSync(file, `[model]\nlength = 4\n[store]\n${store}\n${s3}`);
      const { code, out } = await here('check', '-c', file);
      assert.equal(code, 0);
      assert.match(out, expected);
      assert.doesNotMatch(out, /hush/);
    }
  });

  test('check tells what rounds need, as text and as JSON', async () => {
    const file = join(folder, 'checked.toml');
    writeFileSync(file, '[model]\nlength = 1000000\n[api]\nbind_address = "0.0.0.0:8081"\n[redis]\nurl = "redis://x"\n[record]\npath = "r"\n');
    const { code, out } = await here('check', '-c', file);
    assert.equal(code, 0);
    assert.match(
      out,
      /nothing is wrong[\s\S]*listens on 0\.0\.0\.0:8081, plain HTTP[\s\S]*records the events of rounds in r, up to 134 MB; [\s\S]*notice: \[redis\][\s\S]*notice: \[api\] listens beyond this machine without TLS[\s\S]*U = 10 +U = 10 000\n[\s\S]*memory, 8 uploads[\s\S]*an update message +7\.0 MB +7\.0 MB\n[\s\S]*Power2\/F32\/B0\/M6/,
    );
    assert.doesNotMatch(out, /NaN|undefined|Infinity/);
    const { needs, notices, masking } = JSON.parse((await here('check', '-c', file, '--json')).out);
    assert.equal(notices.length, 2);
    assert.equal(masking.config, 'Power2/F32/B0/M6');
    const { largest, smallest } = needs;
    assert.ok(smallest.memory > 3 * 8e6 && largest.memory >= smallest.memory);
    assert.ok(largest.disk.dictionaries > smallest.disk.dictionaries);
    assert.equal(smallest.updateMessage, 48 + 136 + 128 + (8 + 7e6) + (4 + 7) + (4 + 112 * 5));
  });

  test('check names what is wrong, TLS files included', async () => {
    const file = join(folder, 'wrong.toml');
    writeFileSync(file, '[model]\nlength = 0\n[pet.sum]\nprob = 2\n');
    const wrong = await here('check', '-c', file);
    assert.equal(wrong.code, 1);
    assert.match(wrong.err, /2 problems:[\s\S]*wrong\.toml:4: pet\.sum\.prob = 2[\s\S]*wrong\.toml:2: model\.length = 0/);
    writeFileSync(file, `[model]\nlength = 3\n[api]\ntls_certificate = "${join(folder, 'none.pem')}"\ntls_key = "${join(folder, 'none.pem')}"\n`);
    const tls = await here('check', '-c', file);
    assert.deepEqual([tls.code, /tls-file-unreadable/.test(tls.err)], [1, true], tls.err);
  });
});

test('a word that is no command, and a file that is not named, are mistakes of the command line', async () => {
  for (const [args, message] of [
    [['statsu'], /unknown command 'statsu'\n\(Did you mean status\?\)/],
    [['-c', 'x.toml', 'extra'], /unknown command 'extra'/],
    [[], /required option '-c, --config <file>' not specified/],
    [['run'], /required option '-c, --config <file>' not specified/],
  ] as const) {
    const { code, err } = await here(...args);
    assert.equal(code, 2);
    assert.match(err, message);
  }
});

interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  text(): string;
  said(what: RegExp): Promise<RegExpExecArray>;
}

function coordinator(
  config: string,
  preloads: readonly string[] = [],
  flags: readonly string[] = ['--conditions=source', '--disable-warning=ExperimentalWarning'],
): Running {
  const env = { ...process.env, NODE_OPTIONS: preloads.join(' ') };
  const child = spawn(process.execPath, [...flags, BIN, 'coordinator', '-c', config], { cwd: folder, env });
  started.push(child);
  let text = '';
  child.stdout.on('data', (data) => (text += data));
  child.stderr.on('data', (data) => (text += data));
  const said = async (what: RegExp): Promise<RegExpExecArray> => {
    for (const begun = performance.now(); performance.now() - begun < 150_000; await sleep(20)) {
      const found = what.exec(text);
      if (found !== null) return found;
    }
    throw new Error(`it never said ${what}:\n${text}`);
  };
  return { child, ended: new Promise((resolve) => child.on('close', resolve)), text: () => text, said };
}

const settings = (store: string, more = ''): string => `[api]\nbind_address = "127.0.0.1:0"\n[model]\nlength = 3\n${store}\n${more}`;

describe('a process', { skip: process.platform === 'win32' ? 'no signals there' : false }, () => {
  test('reads its settings again at SIGHUP; a file that is wrong changes nothing; stops with word of what is stored', async () => {
    const file = join(folder, 'reload.toml');
    const store = '[store]\npath = "reload-data"';
    writeFileSync(file, settings(store));
    const running = coordinator(file);
    await running.said(/listening on/);
    writeFileSync(file, settings(store, '[pet.sum.count]\nmin = 7\n[mask]\nmodel_type = "M9"\n[log]\nfilter = "debug"\n'));
    running.child.kill('SIGHUP');
    await running.said(/log\.filter[^\n]*pet\.sum\.count\.min[^\n]*settings read again/);
    await running.said(/mask\.model_type[^\n]*need a restart are not in force/);
    writeFileSync(file, '[pet.sum]\nprob = 3\n');
    running.child.kill('SIGHUP');
    await running.said(/settings not read again; the old ones stay/);
    running.child.kill('SIGTERM');
    assert.equal(await running.ended, 0, running.text());
    assert.match(
      running.text(),
      /\nstopping \(SIGTERM\); what was acknowledged is kept[^\n]*\n[\s\S]*stopped; round 1 is stored in reload-data, in phase sum with 0 messages, and goes on at the next start/,
    );
  });

  test('a SIGHUP that comes while it is being loaded is kept until somebody serves it, in the process and in its starter', async () => {
    const file = join(folder, 'early.toml');
    writeFileSync(file, settings('[store]\nkind = "memory"'));
    const preload = (name: string, code: string): string => {
      const path = join(folder, name);
      writeFileSync(path, code);
      return pathToFileURL(path).href;
    };
    const atLoad = preload(
      'at-load.mjs',
      `import { registerHooks } from 'node:module';
       registerHooks({ resolve(name, context, next) { if (/src.main.ts$/.test(name)) process.kill(process.pid, 'SIGHUP'); return next(name, context); } });`,
    );
    const alone = coordinator(file, [`--import=${atLoad}`]);
    await alone.said(/settings read again/);
    alone.child.kill('SIGTERM');
    assert.equal(await alone.ended, 0, alone.text());
    // The child tells its starter before it has run a line of its own.
    const atStart = preload('at-start.mjs', "if (process.execArgv.includes('--conditions=source')) process.kill(process.ppid, 'SIGHUP');");
    const started = coordinator(file, [`--import=${atStart}`], []);
    await started.said(/settings read again/);
    started.child.kill('SIGTERM');
    assert.equal(await started.ended, 0, started.text());
  });

  test('ends at once at a second signal, a second after the first', async () => {
    const file = join(folder, 'twice.toml');
    writeFileSync(file, settings('[store]\nkind = "memory"'));
    const running = coordinator(file);
    const [, port] = await running.said(/listening on \S+:(\d+)/);
    // A request under way, for which a stop waits some seconds.
    const socket = connect(Number(port), '127.0.0.1');
    socket.on('error', () => {});
    await new Promise<void>((resolve) => socket.write('POST /message HTTP/1.1\r\nhost: x\r\ncontent-length: 60000\r\n\r\nhalf', () => resolve()));
    await sleep(200);
    running.child.kill('SIGTERM');
    await running.said(/stopping \(SIGTERM\)/);
    await sleep(1100);
    running.child.kill('SIGTERM');
    assert.equal(await running.ended, 143, running.text());
    assert.doesNotMatch(running.text(), /stopped;/);
    socket.destroy();
  });

  test('says when nothing is kept', async () => {
    const file = join(folder, 'memory.toml');
    writeFileSync(file, settings('[store]\nkind = "memory"'));
    const running = coordinator(file);
    await running.said(/listening on/);
    running.child.kill('SIGINT');
    assert.equal(await running.ended, 0, running.text());
    assert.match(running.text(), /stopping \(SIGINT\)[\s\S]*stopped; store\.kind is "memory": round \d+ and all models are gone\n/);
  });
});
