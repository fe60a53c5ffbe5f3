// How the coordinator is: memory, disk, what waits, how late its main thread gets to its work; and the settings that hold, with what they cost.

import type { SettingsJson } from '@xaynet/coordinator/documents';
import { Card, Fact, Scroll, Spark } from './card.tsx';
import { Folded } from './chart.tsx';
import { bytes, count, significant, took } from './format.ts';
import { live, looks, settings } from './state.ts';

/** Lateness of the main thread from which on people notice, in milliseconds. */
const LATE_MS = 200;
/** Free bytes below which a disk counts as nearly full. */
const LITTLE = 1e9;

export function Health() {
  const now = live.value;
  if (now === undefined)
    return (
      <Card id="health" title="Health">
        {<div class="placeholder" />}
      </Card>
    );
  const { health, status } = now;
  const { delay, workers } = health;
  const free = status.store?.free ?? null;
  return (
    <Card id="health" title="Health" note={status.paused === null ? `Up for ${took(1000 * status.uptime)}.` : `Paused: ${status.paused.title}`}>
      <dl class="facts">
        <Fact name="Memory" value={bytes(health.rss)} more={`heap ${bytes(health.heapUsed)}`} />
        <Fact
          name="Late, 99 of 100"
          value={delay === null ? '–' : took(delay.p99)}
          more={delay === null ? 'main thread' : `main thread; worst ${took(delay.max)}`}
          alarm={(delay?.p99 ?? 0) > LATE_MS}
        />
        <div class="sparks">
          <Spark values={looks.value.map(({ rss }) => rss)} color="--model" />
          <Spark values={looks.value.map(({ delay: late }) => late)} color="--update" />
        </div>
        <Fact
          name="Store"
          value={status.store === null ? '–' : bytes(status.store.bytes)}
          more={status.store === null ? undefined : free === null ? 'in memory' : `${bytes(free)} free`}
          alarm={free !== null && free < LITTLE}
        />
        <Fact name="Processors at work" value={health.cpu.toFixed(2)} />
        <Fact name="Waiting" value={count(status.queued + workers.waiting)} more={`messages; ${bytes(status.chunkBytes)} of unfinished ones`} />
        <Fact name="Threads of the intake" value={`${workers.busy} of ${workers.total}`} more="busy" />
        <Fact name="Connections" value={count(health.connections)} more={`${count(health.streams)} watch`} />
        <Fact name="Kernel" value={status.masking.kernel} more={`keystream ${status.masking.keystream}`} />
      </dl>
    </Card>
  );
}

/** The processes that share the round; nothing where there is one that shares with nobody. */
export function Fleet() {
  const now = live.value;
  const fleet = now?.status.fleet;
  if (now === undefined || fleet == null) return null;
  const { self, leader, members } = fleet;
  const note = `${count(members.length)} ${members.length === 1 ? 'process takes' : 'processes take'} messages${leader === null ? '; nobody leads at the moment' : ''}.`;
  return (
    <Card id="fleet" title="Fleet" note={note} wide>
      <Scroll label="Coordinators of the fleet">
        <table>
          <thead>
            <tr>
              <th scope="col">Coordinator</th>
              <th scope="col" class="left">
                Part
              </th>
              <th scope="col">Up for</th>
              <th scope="col">Admitted</th>
              <th scope="col">Refused</th>
              <th scope="col">Version</th>
            </tr>
          </thead>
          <tbody>
            {members.map(({ id, began, accepted, refused, version }) => (
              <tr key={id}>
                <th scope="row">
                  <code>{id.slice(0, 8)}</code>
                </th>
                <td class="left">{[id === leader ? 'leads' : 'follows', ...(id === self ? ['answers this page'] : [])].join(', ')}</td>
                <td>{took(Math.max(0, now.status.now - began))}</td>
                <td>{count(accepted)}</td>
                <td>{count(refused)}</td>
                <td>{version}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </Card>
  );
}

export function Settings() {
  const document = settings.value;
  if (document === undefined)
    return (
      <Card id="settings" title="Settings in force">
        {<div class="placeholder" />}
      </Card>
    );
  const { costs } = document;
  const { settings: rows } = document;
  const inForce = (key: string): string => shown(rows.find((row) => row.key === key)?.value ?? '–');
  return (
    <Card
      id="settings"
      title="Settings and costs"
      wide
      note={costs.cheaper === null ? undefined : `${costs.cheaper} holds as much and costs less: see xaynet config explain.`}
    >
      <dl class="facts">
        <Fact
          name="Masking"
          value={costs.mask}
          more={costs.isTrap ? 'most draws are thrown away' : `${count(costs.decimals)} decimals, at most ${count(costs.maxModels)} models`}
          alarm={costs.isTrap}
        />
        <Fact name="Weights" value={inForce('model.length')} />
        <Fact name="One update" value={bytes(costs.updateBytes)} more={`${costs.bytesPerWeight} bytes a weight`} />
        <Fact name="A mask" value={`${significant(costs.keystreamBytesPerWeight)} B`} more="of random data a weight" />
        <Fact name="Smallest round" value={bytes(costs.roundBytes)} more={`in; each download ${bytes(costs.modelBytes)} as f32`} />
        <Fact
          name="Participants it takes"
          value={`about ${count(costs.participants)}`}
          more={`for ${inForce('pet.sum.count.min')} sum and ${inForce('pet.update.count.min')} update`}
        />
      </dl>
      <Folded summary={`All ${rows.length} settings of the rounds`} class="as-table">
        <AllSettings rows={rows} />
      </Folded>
    </Card>
  );
}

function AllSettings({ rows }: { rows: SettingsJson['settings'] }) {
  return (
    <Scroll label="All settings of the rounds">
      <table class="settings">
        <thead>
          <tr>
            <th scope="col">Setting</th>
            <th scope="col">Value</th>
            <th scope="col" class="left">
              What it does
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ key, value, meaning }) => (
            <tr key={key}>
              <th scope="row">
                <code>{key}</code>
              </th>
              <td>{shown(value)}</td>
              <td class="left meaning">{meaning}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function shown(value: string | number | boolean): string {
  return typeof value === 'number' ? (Number.isInteger(value) ? count(value) : String(value)) : String(value);
}
