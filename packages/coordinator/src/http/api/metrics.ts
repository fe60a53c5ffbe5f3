// GET /metrics: what is measured, as text for Prometheus. There is no such route where nothing is measured.

import type { MetricsSource } from './port.ts';
import { body, NO_STORE } from './responses.ts';
import type { ApiRoute } from './route.ts';

/** `GET /metrics`. */
export function metricsRoute(source: MetricsSource): ApiRoute {
  return {
    path: '/metrics',
    methods: ['GET', 'HEAD'],
    summary: 'Measurements for Prometheus',
    parameters: [],
    responses: { 200: { description: 'The measurements.', content: { [mediaType(source.contentType)]: { type: 'string' } } } },
    codes: [],
    answer: async () => body(source.contentType, Buffer.from(await source.render()), NO_STORE),
  };
}

function mediaType(contentType: string): string {
  return contentType.split(';')[0]!.trim();
}
