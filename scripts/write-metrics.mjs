// Writes docs/METRICS.md from the one table of metrics (packages/coordinator/src/metrics/reference.ts). `npm run metrics`; a test compares.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const { METRICS_REFERENCE, metricsTable } = await import('../packages/coordinator/src/metrics/reference.ts');
const text = `# Metrics

\`GET /metrics\` gives these in Prometheus' text format; [deploy/prometheus.yml](../deploy/prometheus.yml) scrapes them,
[deploy/alerts.yml](../deploy/alerts.yml) watches them, and [the dashboard](../deploy/grafana/dashboards/xaynet.json) draws them. Every label has few
values, all known beforehand: phases, verdicts, stages, error codes ([ERRORS.md](ERRORS.md)). A participant or an address is never one, so strangers
cannot make the coordinator or Prometheus grow. This page is written by \`npm run metrics\` from
[packages/coordinator/src/metrics/reference.ts](../packages/coordinator/src/metrics/reference.ts).

${metricsTable()}

## Stages

\`xaynet_stage_seconds\` has these stages: \`receive\` (the body arrives), \`wait\` (for a worker), \`open\` (the sealed box), \`verify\` (the signature),
\`eligibility\`, \`check\` (the payload), \`queue\` (for the round), \`store\` (the durable verdict), \`aggregate\`, \`message\` (all of it, until the
answer); and for the round itself \`checkpoint\`, \`unmask\`, \`publish\`. From \`open\` to \`check\` it is the time of a processor, the others are time that
goes by. A percentile over five minutes:

\`\`\`promql
histogram_quantile(0.99, sum by (le, stage) (rate(xaynet_stage_seconds_bucket[5m])))
\`\`\`

## InfluxDB

With \`metrics.influxdb.url\` the measurements of the original coordinator are sent to an InfluxDB 1.x as well, under their own names, so that its
dashboards go on working: \`phase\`, \`round_total_number\`, \`round_param_sum\`, \`round_param_update\`, \`message_accepted\`, \`message_rejected\`,
\`message_discarded\`, \`masks_total_number\`, \`event\`. Each line is what the original writes; one request carries up to 500 of them where it sends one each.
User and password may stand in the URL and go as basic authentication. Nothing waits for the database: at most 4 048 points wait for it, others are
dropped, what it does not take is not sent again, and both are counted in \`xaynet_influxdb_points_total\` and said in the log at most once a minute. A stop
sends what waits for two seconds at most.

## Traces

When the application that starts the coordinator has registered an OpenTelemetry SDK, each round is a trace: \`xaynet round\`, under it
\`xaynet phase …\`, under these \`xaynet message\` with the seconds of each stage, its size, its verdict and the first eight digits of the participant's
key, and \`xaynet checkpoint\`, \`xaynet unmask\`, \`xaynet publish\`. Without an SDK nothing is recorded and messages are not watched.
`;
writeFileSync(fileURLToPath(new URL('../docs/METRICS.md', import.meta.url)), text);
console.log(`docs/METRICS.md: ${METRICS_REFERENCE.length} metrics`);
