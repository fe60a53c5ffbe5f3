// The five routes of the protocol as rows of the API's table: documentation only, they are answered by http/routes.ts exactly as the original
// answers them. A test holds these rows to what is answered.

import type { ApiRoute, ResponseDoc } from './route.ts';

const READ = ['GET', 'HEAD'] as const;
const OCTETS = 'application/octet-stream';
const BINARY = { type: 'string', format: 'binary' } as const;
const HAS_IT: ResponseDoc = { description: 'The client has it (If-None-Match).' };
const IF_NONE_MATCH = { name: 'If-None-Match', in: 'header', description: 'ETags of what the client has.', schema: { type: 'string' } } as const;

const ASKED = 'Refusals are problem documents for a client that sends `Accept: application/problem+json`, and empty for others, as in the original.';

/** What the protocol has: `/message`, `/params`, `/sums`, `/seeds`, `/model`. */
export const FROZEN_ROUTES: readonly ApiRoute[] = [
  {
    path: '/message',
    methods: ['POST'],
    summary: 'Takes a sealed message of a participant',
    description: `Whatever becomes of the message, a client of the original protocol gets an empty 200. ${ASKED}`,
    parameters: [{ name: 'Accept', in: 'header', description: 'application/problem+json: tell the true verdict.', schema: { type: 'string' } }],
    body: OCTETS,
    responses: {
      200: { description: 'The message counts, with `x-verdict: accepted`; or anything, for a client that does not ask.' },
      202: { description: 'A chunk of a message that is not complete yet, with `x-verdict: incomplete`.' },
    },
    codes: [
      'message-too-large',
      'rate-limited',
      'http-body-timeout',
      'http-busy',
      'queue-full',
      'chunk-budget',
      'round-resuming',
      'storage-failed',
      'storage-timeout',
      'shutting-down',
      'internal-error',
      'sealed-box-open-failed',
      'decode-truncated',
      'decode-trailing',
      'decode-length',
      'decode-tag',
      'decode-config',
      'decode-duplicate-key',
      'decode-chunk',
      'length-mismatch',
      'key-unusable',
      'signature-invalid',
      'not-sum-eligible',
      'not-update-eligible',
      'mask-unknown-participant',
      'coordinator-key-mismatch',
      'message-unexpected',
      'message-discarded',
      'chunk-conflict',
      'chunk-count',
      'chunk-evicted',
      'sum-already-exists',
      'update-already-submitted',
      'mask-already-submitted',
      'seed-dict-mismatch',
      'aggregate-model-mismatch',
      'aggregate-scalar-mismatch',
      'aggregate-invalid-object',
      'mask-mismatch',
      'mask-invalid',
    ],
  },
  {
    path: '/params',
    methods: READ,
    summary: 'The round parameters',
    description: '136 bytes (wire 7.1), without a content type.',
    parameters: [IF_NONE_MATCH],
    responses: { 200: { description: 'The parameters.', content: { [OCTETS]: BINARY } }, 304: HAS_IT },
    codes: ['round-resuming'],
  },
  {
    path: '/sums',
    methods: READ,
    summary: 'The sum dictionary',
    parameters: [IF_NONE_MATCH],
    responses: { 200: { description: 'The dictionary.', content: { [OCTETS]: BINARY } }, 204: { description: 'There is none now.' }, 304: HAS_IT },
    codes: ['round-resuming'],
  },
  {
    path: '/seeds',
    methods: READ,
    summary: 'The seeds that are sealed to one sum participant',
    description: ASKED,
    parameters: [
      { name: 'pk', in: 'query', required: true, description: 'Key of the sum participant: standard base64, percent-encoded.', schema: { type: 'string' } },
      IF_NONE_MATCH,
    ],
    responses: {
      200: { description: 'The seeds.', content: { [OCTETS]: BINARY } },
      204: { description: 'There are none now, or none for this key.' },
      304: HAS_IT,
    },
    codes: ['http-pk-missing', 'decode-base64', 'length-mismatch', 'round-resuming'],
  },
  {
    path: '/model',
    methods: READ,
    summary: 'The global model as fractions',
    description: 'wire 7.3, without a content type. /models/latest has other formats and ranges.',
    parameters: [IF_NONE_MATCH],
    responses: { 200: { description: 'The model.', content: { [OCTETS]: BINARY } }, 204: { description: 'There is none yet.' }, 304: HAS_IT },
    codes: ['round-resuming'],
  },
];
