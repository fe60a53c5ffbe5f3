// Checks of a coordinator at a URL: it answers, what it publishes can be read, pages may ask, its clock goes as ours.

import { ERRORS, isXaynetError, XaynetError } from '@xaynet/core/errors';
import { decodeRoundParams, decodeSumDict, readModel } from '@xaynet/core/round';
import { grouped } from '../figures.ts';
import { checkOffset } from './clock.ts';
import { type Finding, fault, ok, warning } from './finding.ts';

/** The answer to `GET /params` with an Origin. */
export interface Answer {
  readonly body: Uint8Array;
  /** By their names in small letters. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The wall clock halfway between request and answer. */
  readonly halfway: number;
  /** Milliseconds that it took. */
  readonly took: number;
}

/** A body; `none`: there is none yet (204); `large`: it was not fetched. */
export type Document = Uint8Array | 'none' | 'large';

/** What it takes to ask; rejects with coded errors. */
export interface Asking {
  readonly url: string;
  readonly params: () => Promise<Answer>;
  readonly document: (path: '/sums' | '/model') => Promise<Document>;
}

/** An origin that no allow-list names by accident. */
export const ORIGIN = 'https://xaynet-doctor.invalid';

/** All that one answer shows. */
export async function checkCoordinator({ url, params, document }: Asking): Promise<Finding[]> {
  let answer: Answer;
  try {
    answer = await params();
  } catch (error) {
    const known = isXaynetError(error) ? error : new XaynetError('transport-unreachable', `${url}: ${String(error)}`, { cause: error });
    return [fault('url.reachable', known.message, ERRORS[known.code].todo, { url, code: known.code })];
  }
  const { headers, body, halfway, took } = answer;
  return [
    ok('url.reachable', `${url} answers in ${Math.round(took)} ms${url.startsWith('https:') ? ', and its certificate holds' : ''}`, {
      url,
      milliseconds: Math.round(took),
    }),
    checkSecurity(url),
    checkParams(body),
    await checkDocument(
      'url.sums',
      'sum dictionary',
      () => document('/sums'),
      (bytes) => `${grouped(decodeSumDict(bytes).size)} sum participants are in the sum dictionary`,
    ),
    await checkDocument(
      'url.model',
      'global model',
      () => document('/model'),
      (bytes) => `its global model has ${grouped(readModel(bytes).length)} weights`,
    ),
    checkCors(headers['access-control-allow-origin']),
    checkOffset(headers.date, halfway),
  ];
}

function checkSecurity(url: string): Finding {
  const { protocol, hostname } = new URL(url);
  if (protocol === 'https:' || /^(127\.|localhost$|\[::1\]$)/.test(hostname))
    return ok('url.security', protocol === 'https:' ? 'it is HTTPS' : 'it is on this machine');
  return warning(
    'url.security',
    'it is plain HTTP to another machine',
    'Whoever is on the way can read global models and replace keys: use HTTPS. Participants refuse it without --allow-insecure.',
  );
}

function checkParams(body: Uint8Array): Finding {
  try {
    const { sum, update, modelLength, maskConfig } = decodeRoundParams(body);
    return ok('url.params', `it runs rounds of ${grouped(modelLength)} weights, masked with ${maskConfig.vect.name}`, {
      sum,
      update,
      modelLength,
      mask: maskConfig.vect.name,
    });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return fault(
      'url.params',
      `its parameters cannot be read: ${why}`,
      'See that the URL is that of a coordinator of the PET protocol, with the path that a proxy gives it.',
    );
  }
}

/** A document that there need not be; `read` throws when it cannot be read. */
async function checkDocument(id: string, name: string, ask: () => Promise<Document>, read: (bytes: Uint8Array) => string): Promise<Finding> {
  try {
    const body = await ask();
    if (body === 'none') return ok(id, `there is no ${name} at the moment`);
    if (body === 'large') return ok(id, `there is a ${name}, which is large and was not fetched`);
    return ok(id, read(body), { bytes: body.length });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return fault(id, `the ${name} cannot be read: ${why}`, 'See that a proxy passes bodies on unchanged, and what "xaynet inspect" says of the document.');
  }
}

function checkCors(allowed: string | undefined): Finding {
  if (allowed === '*') return ok('url.cors', 'pages of every origin may ask', { allowed });
  return ok('url.cors', allowed === undefined ? 'pages may not ask, or those of a list only (api.cors_origins)' : `pages of ${allowed} may ask`, {
    allowed: allowed ?? null,
  });
}
