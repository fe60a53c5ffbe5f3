// What the coordinator says of itself to somebody who opens its address: name, version, and where to go on. JSON for programs, a page without
// scripts for people.

import type { Answer } from '../answer.ts';
import { chooseType } from './accept.ts';
import { tagged } from './responses.ts';
import type { ApiRoute, Call } from './route.ts';

const TYPES = ['application/json', 'text/html'] as const;

/** `GET /` for these routes, itself included. */
export function indexRoute(version: string, others: readonly ApiRoute[]): ApiRoute {
  const index: ApiRoute = {
    path: '/',
    methods: ['GET', 'HEAD'],
    summary: 'Version and routes',
    parameters: [],
    responses: {
      200: { description: 'The index.', content: { 'application/json': 'Index', 'text/html': { type: 'string' } } },
      304: { description: 'The client has it.' },
    },
    codes: [],
    answer: (call) => answer(call),
  };
  const routes = [index, ...others].map(({ path, methods, summary }) => ({ path, methods, summary }));
  const page = Buffer.from(JSON.stringify({ name: 'xaynet coordinator', version, routes }));
  const html = Buffer.from(pageOf(version, routes));
  const answer = ({ what }: Call): Answer => {
    const headers = { vary: what.cors.vary === undefined ? 'accept' : `accept, ${what.cors.vary}` };
    if (chooseType(what.accept, TYPES) !== 'text/html') return tagged('application/json', page, what.ifNoneMatch, headers);
    return tagged('text/html; charset=utf-8', html, what.ifNoneMatch, { ...headers, 'content-security-policy': "default-src 'none'" });
  };
  return index;
}

function pageOf(version: string, routes: readonly Pick<ApiRoute, 'path' | 'methods' | 'summary'>[]): string {
  const row = ({ path, methods, summary }: (typeof routes)[number]): string => {
    const name = methods.includes('GET') && !path.includes('{') ? `<a href="${path}">${path}</a>` : path;
    return `<li>${methods[0]} ${name}: ${summary}</li>`;
  };
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>XayNet coordinator</title>
<h1>XayNet coordinator ${version}</h1>
<ul>
${routes.map(row).join('\n')}
</ul>
</html>
`;
}
