// The page as it is served: small, of this coordinator alone, under a policy that admits nothing else, compressed as the client likes, kept for ever
// under names that change with the content, and at home under any path of a proxy.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { type IncomingHttpHeaders, get as request } from 'node:http';
import { test } from 'node:test';
import { brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib';
import { FILES } from '../page/assets.ts';
import { fileFor, fileNames, PAGE } from '../page/files.ts';
import { PAGE_POLICY } from './page.ts';
import { serving } from './rig.test.ts';

/** Bytes of the whole page as gzip. */
const MOST = 60_000;
const AIM = 50_000;

/** A request without the decoding that fetch does. */
function get(url: string, headers: Record<string, string>): Promise<{ status: number | undefined; headers: IncomingHttpHeaders; body: Buffer }> {
  return new Promise((resolve, reject) => {
    request(url, { headers, agent: false }, async (response) => {
      const body = Buffer.concat(await response.toArray());
      resolve({ status: response.statusCode, headers: response.headers, body });
    }).on('error', reject);
  });
}

const plain = (name: string): Buffer => Buffer.from(fileFor(name, undefined)!.bytes);

test(`all files together are below ${MOST} bytes as gzip, and what they are named by is what they hold`, () => {
  const sizes = fileNames.map((name) => gzipSync(plain(name), { level: 9 }).length);
  const all = sizes.reduce((sum, size) => sum + size, 0);
  assert.ok(all < AIM && all < MOST, `${all} bytes`);
  for (const { name } of FILES.slice(1)) {
    const [, hash] = /-([0-9a-f]{10})\.(js|css)$/.exec(name)!;
    assert.ok(createHash('sha256').update(plain(name)).digest('hex').startsWith(hash!), name);
  }
});

test('the page names its files and nothing of anybody else, all relative', () => {
  const html = plain(PAGE).toString();
  const named = [...html.matchAll(/(?:src|href)="([^"]*)"/g)].map((match) => match[1]!);
  for (const name of fileNames.slice(1)) assert.ok(named.includes(`page/${name}`), name);
  for (const address of named) assert.ok(address.startsWith('data:') || /^[\w/.-]+$/.test(address), address);
  assert.ok(named.every((address) => !address.startsWith('/')));
  assert.doesNotMatch(html, /<script(?![^>]*src=)|<style|\sstyle=|\son\w+=/, 'nothing inline');
  const script = plain(fileNames.find((name) => name.endsWith('.js'))!).toString();
  const elsewhere = [...script.matchAll(/https?:\/\/[^"'`\s)]+/g)].map(([address]) => address).filter((address) => !address.startsWith('http://www.w3.org/'));
  assert.deepEqual(elsewhere, []);
  assert.doesNotMatch(script, /\beval\(|new Function\(|setAttribute\("style"/);
});

test('the page and its files: policy, type, encodings, entity tags', () =>
  serving(async (url) => {
    const html = { accept: 'text/html,*/*;q=0.8' };
    const page = await fetch(url, { headers: html });
    assert.equal(page.headers.get('content-security-policy'), PAGE_POLICY);
    assert.equal(page.headers.get('x-content-type-options'), 'nosniff');
    assert.equal(page.headers.get('referrer-policy'), 'no-referrer');
    assert.equal(page.headers.get('cache-control'), 'no-cache');
    assert.equal(page.headers.get('vary'), 'accept, accept-encoding');
    assert.equal(await page.text(), plain(PAGE).toString());
    const again = await fetch(url, { headers: { ...html, 'if-none-match': page.headers.get('etag')! } });
    assert.equal(again.status, 304);
    for (const name of fileNames.slice(1)) {
      const tags = new Set<string>();
      for (const [accept, encoding] of [
        ['gzip, deflate, br', 'br'],
        ['gzip;q=0.5, br;q=0', 'gzip'],
        ['*', 'br'],
        ['identity', undefined],
        ['', undefined],
      ] as const) {
        const { status, headers, body } = await get(`${url}/page/${name}`, { 'accept-encoding': accept });
        assert.deepEqual([status, headers['content-encoding'], headers.vary], [200, encoding, 'accept-encoding'], `${name} ${accept}`);
        assert.equal(headers['cache-control'], 'public, max-age=31536000, immutable');
        assert.match(headers['content-type']!, name.endsWith('.js') ? /^text\/javascript/ : /^text\/css/);
        const opened = encoding === 'br' ? brotliDecompressSync(body) : encoding === 'gzip' ? gunzipSync(body) : body;
        assert.deepEqual(Buffer.from(opened), plain(name));
        tags.add(headers.etag!);
      }
      assert.equal(tags.size, 3, 'a tag for each encoding');
    }
  }));
