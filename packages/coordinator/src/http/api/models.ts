// The global models: which are kept, and each in the format that path, query or Accept header name, whole or in part. A model never changes,
// so its id and the format are its entity tag, and nothing is read or converted for a client that has it already.

import { isXaynetError } from '@xaynet/core/errors';
import type { DataType } from '@xaynet/core/mask';
import type { Answer } from '../answer.ts';
import { matchesEtag } from '../etag.ts';
import { chooseType } from './accept.ts';
import { ranged } from './byte-range.ts';
import type { ModelJson } from './documents.ts';
import type { LatestModel } from './latest-model.ts';
import { lengthOf } from './model-blocks.ts';
import { type CacheLimits, ModelCache } from './model-cache.ts';
import { DATA_TYPES, FORMAT_NAMES, FORMATS, type FormatName, formatModel, isFit, roundOf } from './model-formats.ts';
import type { ModelMeasures } from './model-measures.ts';
import type { ApiPort } from './port.ts';
import { oneOf, shown, wholeNumber } from './query.ts';
import { body, json, Refusal } from './responses.ts';
import type { ApiRoute, Call, Parameter } from './route.ts';

const LATEST = 'latest';
const FOREVER = 'public, max-age=31536000, immutable';
const READ = ['GET', 'HEAD'] as const;

/** Numbers of weights that are remembered, so that a list need not read models. */
const REMEMBERED = 10_000;

const PARAMETERS: readonly Parameter[] = [
  {
    name: 'id',
    in: 'path',
    required: true,
    description: `An id of /models, or \`${LATEST}\`: the model that /model serves. A format may follow as extension, as in \`${LATEST}.f32\`.`,
    schema: { type: 'string' },
    example: LATEST,
  },
  {
    name: 'format',
    in: 'query',
    description: 'The format, instead of an extension of the path or the Accept header.',
    schema: { type: 'string', enum: FORMAT_NAMES },
    example: 'f32',
  },
  {
    name: 'dtype',
    in: 'query',
    description: 'Primitives in safetensors; those of the masking configuration when left out.',
    schema: { type: 'string', enum: DATA_TYPES },
  },
  { name: 'Range', in: 'header', description: 'One range of bytes.', schema: { type: 'string' }, example: 'bytes=0-99' },
  { name: 'If-Range', in: 'header', description: 'The ETag of what the range continues.', schema: { type: 'string' } },
  { name: 'If-None-Match', in: 'header', description: 'ETags of what the client has.', schema: { type: 'string' } },
];

const CONTENT = Object.fromEntries(FORMAT_NAMES.map((format) => [FORMATS[format], format === 'json' ? 'ModelWeights' : { type: 'string', format: 'binary' }]));

/** `GET /models` and `GET /models/{id}`. */
export function modelRoutes(port: ApiPort, latest: LatestModel, measures: ModelMeasures, limits?: CacheLimits): readonly ApiRoute[] {
  const models = new Models(port, latest, measures, limits);
  return [
    {
      path: '/models',
      methods: READ,
      summary: 'The global models that are kept, the newest first',
      description:
        'Measures and differences of the newest 50 are worked out beside the answer when somebody asks for the list: null until they are there, ask again.',
      parameters: [{ name: 'limit', in: 'query', description: 'The most to list.', schema: { type: 'integer', minimum: 1, maximum: 1000, default: 100 } }],
      responses: { 200: { description: 'The list.', content: { 'application/json': 'ModelList' } } },
      codes: ['http-query-invalid', 'storage-failed', 'starting-up'],
      answer: ({ query }) => models.list(wholeNumber(query, 'limit', 1, 1000) ?? 100),
    },
    {
      path: '/models/{id}',
      methods: READ,
      summary: 'A global model, in the format that is asked for',
      description:
        'Fractions are the bytes of /model. `f32`, `f64`: raw little-endian floats, each rounded once to the nearest (ties to even) from the exact fraction. ' +
        '`i32`, `i64`: raw little-endian integers, each truncated towards zero, for integer configurations only. `safetensors`: one tensor `weights`. `json`: float64 in decimal.',
      parameters: PARAMETERS,
      responses: {
        200: { description: 'The model.', content: CONTENT },
        206: { description: 'The part of it that Range names.', content: CONTENT },
        304: { description: 'The client has it.' },
      },
      codes: [
        'http-query-invalid',
        'http-model-unknown',
        'http-not-acceptable',
        'http-format-unfit',
        'http-range-invalid',
        'http-overloaded',
        'storage-failed',
        'starting-up',
      ],
      answer: (call) => models.one(call),
    },
  ];
}

class Models {
  readonly #port: ApiPort;
  readonly #latest: LatestModel;
  readonly #measures: ModelMeasures;
  readonly #cache: ModelCache;
  readonly #lengths = new Map<string, number>();

  constructor(port: ApiPort, latest: LatestModel, measures: ModelMeasures, limits: CacheLimits | undefined) {
    this.#port = port;
    this.#measures = measures;
    this.#latest = latest;
    this.#cache = new ModelCache(limits);
    port.on((event) => {
      if (event.type === 'phase' && event.phase === 'shutdown') this.#cache.clear();
    });
  }

  async list(limit: number): Promise<Answer> {
    const [entries, latest] = await Promise.all([this.#port.models(), this.#latest.id()]);
    // Beside: what is measured now is there for the next who asks.
    this.#measures.measure().catch(() => {});
    const models = entries.slice(0, limit).map(({ id, bytes }): ModelJson => {
      const known = this.#measures.of(id);
      const { mean } = known ?? {};
      return {
        id,
        round: roundOf(id) ?? null,
        bytes,
        weights: this.#lengths.get(id) ?? mean?.weights ?? null,
        latest: id === latest,
        measures: mean === undefined ? null : { min: mean.min, max: mean.max, l2: mean.l2 },
        difference: known?.difference ?? null,
        links: Object.fromEntries(
          FORMAT_NAMES.filter((format) => isFit(format, this.#port.task.dataType)).map((format) => [format, `/models/${encodeURIComponent(id)}.${format}`]),
        ),
      };
    });
    return json({ models, total: entries.length }, { 'cache-control': 'no-cache' });
  }

  async one({ what, path, query, request }: Call): Promise<Answer> {
    const { name, extension } = split(path.id!);
    const given = extension ?? oneOf(query, 'format', FORMAT_NAMES);
    const format = given ?? negotiated(what.accept);
    const data: DataType = (format === 'safetensors' ? oneOf(query, 'dtype', DATA_TYPES) : undefined) ?? this.#port.task.dataType;
    const id = await this.#idOf(name);
    this.#checkFit(format, data);
    const kind = format === 'safetensors' ? `${data.toLowerCase()}.safetensors` : format;
    const etag = `"${id}.${kind}"`;
    const headers = {
      etag,
      'cache-control': name === LATEST ? 'no-cache' : FOREVER,
      ...(given === undefined ? { vary: what.cors.vary === undefined ? 'accept' : `accept, ${what.cors.vary}` } : {}),
    };
    if (matchesEtag(what.ifNoneMatch, etag)) return { status: 304, headers };
    const bytes = await this.#body(id, format, data, kind);
    const file = `model-${roundOf(id) ?? id}.${format === 'fractions' ? 'bin' : format}`;
    const whole = body(FORMATS[format], bytes, { ...headers, 'content-disposition': `attachment; filename="${file}"`, 'accept-ranges': 'bytes' });
    return what.method === 'HEAD' ? whole : ranged(whole, request.headers.range, request.headers['if-range'] as string | undefined);
  }

  async #idOf(name: string): Promise<string> {
    const id = await this.#find(name);
    if (id !== undefined) return id;
    const dot = name.lastIndexOf('.');
    if (dot <= 0 || (await this.#find(name.slice(0, dot))) === undefined) throw new Refusal('http-model-unknown');
    throw new Refusal('http-not-acceptable', `extension: one of ${FORMAT_NAMES.join(', ')} expected, ${shown(name.slice(dot + 1))} given`);
  }

  /** The id that `name` means. Only ids of the list are looked for, so that a stranger's text reaches no store. */
  async #find(name: string): Promise<string | undefined> {
    return name === LATEST ? await this.#latest.id() : (await this.#port.models()).find((entry) => entry.id === name)?.id;
  }

  #checkFit(format: FormatName, data: DataType): void {
    const { dataType } = this.#port.task;
    for (const given of format === 'safetensors' ? [data] : [format]) {
      if (!isFit(given, dataType)) throw new Refusal('http-format-unfit', `${given}: the weights are ${dataType} floats, which integers would cut off`);
    }
  }

  async #body(id: string, format: FormatName, data: DataType, kind: string): Promise<Uint8Array> {
    const made = await this.#cache.get(`${id}.${kind}`, async () => {
      const model = this.#cache.peek(`${id}.fractions`) ?? (await this.#port.model(id));
      if (model === undefined) return undefined;
      this.#remember(id, lengthOf(model));
      return formatModel(model, { id, round: roundOf(id) }, format, data).catch(unfit);
    });
    if (made === undefined) throw new Refusal('http-model-unknown');
    return made;
  }

  #remember(id: string, length: number): void {
    if (this.#lengths.size >= REMEMBERED) this.#lengths.clear();
    this.#lengths.set(id, length);
  }
}

/** That a weight does not fit is not a failure of the coordinator but of the choice. */
function unfit(error: unknown): never {
  if (isXaynetError(error, 'model-not-representable')) throw new Refusal('http-format-unfit', 'A weight lies outside of what the format can hold');
  throw error;
}

/** A name and a format as extension. */
function split(text: string): { name: string; extension: FormatName | undefined } {
  const dot = text.lastIndexOf('.');
  const extension = FORMAT_NAMES.find((format) => format === text.slice(dot + 1));
  return dot > 0 && extension !== undefined ? { name: text.slice(0, dot), extension } : { name: text, extension: undefined };
}

function negotiated(accept: string | undefined): FormatName {
  const type = chooseType(accept, Object.values(FORMATS));
  if (type === undefined) throw new Refusal('http-not-acceptable', `one of ${Object.values(FORMATS).join(', ')} expected`);
  return FORMAT_NAMES.find((format) => FORMATS[format] === type)!;
}
