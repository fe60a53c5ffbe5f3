// Every metric in one table: name, kind, labels, meaning. The registry is made from these rows and docs/METRICS.md is checked against them, so
// neither can say something else. Labels take values from closed lists only (phases, verdicts, stages, error codes): what strangers send
// never makes a new series.

/** One metric. */
export interface MetricRow {
  readonly name: string;
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly labels: readonly string[];
  /** What it says, with its unit. */
  readonly help: string;
  /** The measurement of the original that says the same (coordinator 6.1). */
  readonly original?: string | undefined;
}

function row(kind: MetricRow['kind'], name: string, labels: readonly string[], help: string, original?: string): MetricRow {
  return { name, kind, labels, help, original };
}

/** All metrics, in the order of the documentation. */
export const METRICS_REFERENCE: readonly MetricRow[] = [
  row('gauge', 'xaynet_phase_number', [], 'Phase as a number: idle 0, sum 1, update 2, sum2 3, unmask 4, failure 5, shutdown 6.', 'phase'),
  row('gauge', 'xaynet_phase', ['phase'], '1 for the phase of now, 0 for the others.'),
  row('gauge', 'xaynet_phase_start_timestamp_seconds', [], 'When the phase began, in seconds since 1970.'),
  row('gauge', 'xaynet_round_number', [], 'Number of the round.', 'round_total_number'),
  row('gauge', 'xaynet_round_sum_probability', [], 'Probability of the round that a participant is selected for sum.', 'round_param_sum'),
  row('gauge', 'xaynet_round_update_probability', [], 'Probability of the round that one not selected for sum is selected for update.', 'round_param_update'),
  row('gauge', 'xaynet_round_masks', [], 'Different masks submitted in the round, counted at the start of unmask.', 'masks_total_number'),
  row('gauge', 'xaynet_round_sum_participants', [], 'Entries of the published sum dictionary, 0 while there is none.'),
  row('gauge', 'xaynet_round_updates', [], 'Updates in the aggregate.'),
  row('counter', 'xaynet_rounds_total', ['outcome'], 'Rounds that ended, with a model or with a failure.'),
  row('counter', 'xaynet_round_failures_total', ['phase', 'code'], 'Rounds that failed, by phase and error code.', 'event'),
  row('gauge', 'xaynet_failures_in_a_row', [], 'Rounds that failed one after another until now.'),
  row(
    'counter',
    'xaynet_messages_total',
    ['phase', 'verdict'],
    'Messages by phase and what became of them: accepted, rejected (looked at by the phase), discarded (the phase had all it takes, or was over), refused (never became a message of the round).',
    'message_accepted, message_rejected, message_discarded',
  ),
  row('counter', 'xaynet_refusals_total', ['code'], 'Messages that were rejected, discarded or refused, by error code.'),
  row('counter', 'xaynet_message_bytes_total', ['verdict'], 'Bytes of those messages: of the opened payload, or of the body where it was refused.'),
  row('counter', 'xaynet_received_bytes_total', [], 'Bytes of message bodies that arrived whole.'),
  row('histogram', 'xaynet_stage_seconds', ['stage'], 'Time that a stage took for one message, or for one act of the round.'),
  row('counter', 'xaynet_stage_bytes_total', ['stage'], 'Bytes that went through a stage.'),
  row('counter', 'xaynet_http_requests_total', ['method', 'route', 'status'], 'Answers of the HTTP server; paths that nobody knows are the route other.'),
  row('histogram', 'xaynet_http_seconds', ['route'], 'From the headers of a request to the beginning of its answer.'),
  row('gauge', 'xaynet_queue_messages', [], 'Messages that wait for the round.'),
  row('gauge', 'xaynet_chunk_bytes', [], 'Bytes kept of messages of which chunks are missing.'),
  row('gauge', 'xaynet_workers', ['state'], 'Threads that open and verify messages: busy and idle.'),
  row('gauge', 'xaynet_worker_queue_messages', [], 'Messages that wait for such a thread.'),
  row('gauge', 'xaynet_paused', [], '1 while messages are answered 503 because the store does not work, else 0.'),
  row('gauge', 'xaynet_fleet_members', [], 'Processes that share the round, this one among them; 1 where it has the round to itself.'),
  row('gauge', 'xaynet_fleet_leads', [], '1 while this process moves the phases, else 0. Of all that share a round one does, but for seconds after it died.'),
  row('gauge', 'xaynet_connections', [], 'Open connections.'),
  row('gauge', 'xaynet_event_streams', [], 'Clients that read the stream of events.'),
  row('counter', 'xaynet_models_total', [], 'Global models published.'),
  row('gauge', 'xaynet_model_bytes', [], 'Size of the global model as served, 0 before the first.'),
  row('gauge', 'xaynet_model_timestamp_seconds', [], 'When a global model was published last by this process, in seconds since 1970; 0 before.'),
  row('gauge', 'xaynet_report', ['name'], 'What the application reported last under this name (Coordinator.report, POST /admin/report); at most 64 names.'),
  row('gauge', 'xaynet_store_bytes', [], 'Bytes that the store takes on its disk.'),
  row('gauge', 'xaynet_store_free_bytes', [], 'Bytes that are free on the disk of the store; +Inf where there is no disk.'),
  row('counter', 'xaynet_influxdb_points_total', ['outcome'], 'Points for InfluxDB: sent, dropped (no room in the buffer), failed (not taken by it).'),
  row(
    'gauge',
    'xaynet_event_loop_delay_seconds',
    ['quantile'],
    'How late the main thread got to its work since the last scrape: median, 0.99, and 1 for the worst.',
  ),
  row('gauge', 'xaynet_start_timestamp_seconds', [], 'When this coordinator started, in seconds since 1970.'),
  row('counter', 'process_cpu_seconds_total', ['mode'], 'Processor time of the process, all threads: user and system.'),
  row('gauge', 'process_resident_memory_bytes', [], 'Memory of the process.'),
  row('gauge', 'process_start_time_seconds', [], 'When the process started, in seconds since 1970.'),
  row('gauge', 'process_open_fds', [], 'Open files and sockets; 0 where the system does not tell.'),
  row(
    'gauge',
    'nodejs_memory_bytes',
    ['kind'],
    'Memory of JavaScript: heap_used and heap_total of the main thread, external and array_buffers of the process.',
  ),
];

/** Upper bounds of the histograms, in seconds: 10 µs to 60 s, three a decade. */
export const SECONDS_BUCKETS: readonly number[] = [
  ...[-5, -4, -3, -2, -1, 0].flatMap((power) => [1, 2.5, 5].map((digit) => Number(`${digit}e${power}`))),
  10,
  25,
  60,
];

/** The table of docs/METRICS.md. */
export function metricsTable(): string {
  const rows = METRICS_REFERENCE.map(
    ({ name, kind, labels, help, original }) =>
      `| \`${name}\` | ${kind} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${help} | ${original === undefined ? '' : `\`${original.replaceAll(', ', '`, `')}\``} |`,
  );
  return ['| metric | kind | labels | meaning | in the original |', '| --- | --- | --- | --- | --- |', ...rows].join('\n');
}
