// The web server of the page: its files, bundled by esbuild, the data, and nothing else, under a policy that lets the page talk to its
// own server and the coordinator only and run no code but its own.
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
/** The digits, gzipped CSV; their origin is told in the README. */
export const DATA: string = here('../../packages/xaynet/data/digits.csv.gz');

/** Two bundles: the page, and the worker that the engine of the participant runs in. */
async function bundle(): Promise<Map<string, Uint8Array>> {
  const { outputFiles } = await build({
    entryPoints: { page: here('page/page.ts'), engine: here('page/engine.ts') },
    outdir: '/',
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    conditions: ['source'],
    define: { 'process.env.NODE_ENV': '"production"' },
    logLevel: 'warning',
  });
  return new Map(outputFiles.map(({ path, contents }) => [path.slice(path.lastIndexOf('/')), contents]));
}

/** Serves the page on `port` of this machine (0: any); rejects when the port is taken. */
export async function servePage(coordinator: string, port: number): Promise<Server> {
  const scripts = await bundle();
  const html = (await readFile(here('page/page.html'), 'utf8')).replace('COORDINATOR', coordinator);
  const files = new Map<string, [type: string, body: string | Uint8Array, encoding?: string]>([
    ['/', ['text/html; charset=utf-8', html]],
    ['/page.css', ['text/css', await readFile(here('page/page.css'))]],
    ['/icon.svg', ['image/svg+xml', await readFile(here('page/icon.svg'))]],
    ['/page.js', ['text/javascript', scripts.get('/page.js')!]],
    ['/engine.js', ['text/javascript', scripts.get('/engine.js')!]],
    ['/digits.csv', ['text/csv', await readFile(DATA), 'gzip']],
  ]);
  const policy = [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'", // for the masking kernel; without it masking is slower
    "worker-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    `connect-src 'self' ${coordinator}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
  const server = createServer((request, response) => {
    const [type, body, encoding] = files.get(new URL(request.url ?? '/', 'http://x').pathname) ?? [];
    response.setHeader('content-security-policy', policy).setHeader('x-content-type-options', 'nosniff').setHeader('referrer-policy', 'no-referrer');
    if (type === undefined || !['GET', 'HEAD'].includes(request.method!)) return response.writeHead(404).end();
    response.setHeader('cache-control', 'no-cache');
    response.writeHead(200, { 'content-type': type, ...(encoding && { 'content-encoding': encoding }) }).end(body);
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  return server;
}
