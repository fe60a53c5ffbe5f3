// GET /masked: what the coordinator gets to see, beside what comes out. Of the last round the masked sum, which says nothing without the masks, and
// the mean. Of a single participant only where `page.masked_update` says so: a sum participant could unmask it (docs/SECURITY.md).

import type { MaskedSample } from '../../masked-sample.ts';
import type { MaskedJson, MaskedViewJson } from './documents.ts';
import type { ModelMeasures } from './model-measures.ts';
import type { ApiPort } from './port.ts';
import { json } from './responses.ts';
import type { ApiRoute } from './route.ts';

/** `GET /masked`. */
export function maskedRoute(port: ApiPort, measures: ModelMeasures): ApiRoute {
  let sum: { readonly round: number; readonly updates: number; readonly masked: MaskedSample } | undefined;
  port.on((event) => {
    if (event.type === 'model') sum = event;
  });
  const read = async (): Promise<MaskedViewJson> => {
    const { maskedUpdate } = port;
    const shown = maskedUpdate !== undefined;
    const update = maskedUpdate?.() ?? null;
    if (sum === undefined) return { sum: null, shown, update: update && maskedJson(update) };
    const { round, updates, masked } = sum;
    const mean = await measures.mean(round);
    return { sum: { round, updates, masked: maskedJson(masked), mean: mean ?? null }, shown, update: update && maskedJson(update) };
  };
  return {
    path: '/masked',
    methods: ['GET', 'HEAD'],
    summary: 'What the coordinator sees, beside the mean that comes out',
    parameters: [],
    responses: { 200: { description: 'A look at the masked sum of the last round and at its mean.', content: { 'application/json': 'Masked' } } },
    codes: ['storage-failed', 'starting-up'],
    answer: async () => json(await read()),
  };
}

/** A look at masked numbers as JSON. */
export function maskedJson({ levels, ...sample }: MaskedSample): MaskedJson {
  return { ...sample, levels: Buffer.from(levels).toString('base64') };
}
