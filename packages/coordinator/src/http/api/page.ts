// The page at / for people, and the index for programs. The page loads two files of its own whose names change with their content, and asks this API and
// nobody else: its policy forbids everything else. All addresses in it are relative, so that a proxy may put it under any path.

import type { Answer } from '../answer.ts';
import { fileFor, fileNames, PAGE } from '../page/files.ts';
import { chooseType } from './accept.ts';
import { Refusal, tagged } from './responses.ts';
import type { ApiRoute, Call } from './route.ts';

const TYPES = ['application/json', 'text/html'] as const;
const READ = ['GET', 'HEAD'] as const;
const FOREVER = 'public, max-age=31536000, immutable';

/** What the page may do: load and ask its own server. */
export const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** `GET /page/{file}`: what the page loads. */
export function pageFileRoute(): ApiRoute {
  const example = fileNames.find((name) => name !== PAGE);
  return {
    path: '/page/{file}',
    methods: READ,
    summary: 'A file that the page at / loads',
    parameters: [
      {
        name: 'file',
        in: 'path',
        required: true,
        description: 'Named by the page.',
        schema: { type: 'string' },
        ...(example === undefined ? {} : { example }),
      },
    ],
    responses: {
      200: { description: 'The file.', content: { 'text/javascript': { type: 'string' }, 'text/css': { type: 'string' } } },
      304: { description: 'The client has it.' },
    },
    codes: ['http-not-found'],
    answer: ({ path, what, request }) => {
      const name = path.file!;
      const answer = name === PAGE ? undefined : fileAnswer(name, what, request.headers['accept-encoding'], { 'cache-control': FOREVER });
      if (answer === undefined) throw new Refusal('http-not-found');
      return answer;
    },
  };
}

/** `GET /` for these routes, itself included. */
export function indexRoute(version: string, others: readonly ApiRoute[]): ApiRoute {
  const index: ApiRoute = {
    path: '/',
    methods: READ,
    summary: 'The page for people, for programs version and routes',
    parameters: [],
    responses: {
      200: { description: 'The index, or the page.', content: { 'application/json': 'Index', 'text/html': { type: 'string' } } },
      304: { description: 'The client has it.' },
    },
    codes: [],
    answer: (call) => answer(call),
  };
  const routes = [index, ...others].map(({ path, methods, summary }) => ({ path, methods, summary }));
  const document = Buffer.from(JSON.stringify({ name: 'xaynet coordinator', version, routes }));
  const answer = ({ what, request }: Call): Answer => {
    if (chooseType(what.accept, TYPES) === 'text/html') {
      return fileAnswer(
        PAGE,
        what,
        request.headers['accept-encoding'],
        { 'content-security-policy': PAGE_POLICY, 'referrer-policy': 'no-referrer' },
        'accept, ',
      )!;
    }
    return tagged('application/json', document, what.ifNoneMatch, { vary: varyOf(what, 'accept') });
  };
  return index;
}

function fileAnswer(
  name: string,
  what: Call['what'],
  acceptEncoding: string | string[] | undefined,
  headers: Record<string, string>,
  vary = '',
): Answer | undefined {
  const file = fileFor(name, acceptEncoding === undefined ? undefined : String(acceptEncoding));
  if (file === undefined) return undefined;
  const coded = file.encoding === undefined ? {} : { 'content-encoding': file.encoding };
  return tagged(file.type, file.bytes, what.ifNoneMatch, { ...headers, ...coded, vary: varyOf(what, `${vary}accept-encoding`) });
}

function varyOf({ cors }: Call['what'], own: string): string {
  return cors.vary === undefined ? own : `${own}, ${cors.vary}`;
}
