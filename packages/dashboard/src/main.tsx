// The page of a coordinator, put together. It shows what /live says as it says it; nothing can be changed from here.

import { type ComponentChildren, render } from 'preact';
import { useEffect, useErrorBoundary, useRef } from 'preact/hooks';
import { Card } from './card.tsx';
import { clock, count } from './format.ts';
import { Fleet, Health, Settings } from './health.tsx';
import { Models, Reports, Rounds } from './history.tsx';
import { Masked } from './masked.tsx';
import { Arrivals, Round } from './round.tsx';
import { address, begin, connection, hold, live, pageNow } from './state.ts';
import { Welcome } from './welcome.tsx';

function Header() {
  const status = live.value?.status;
  return (
    <header>
      <h1>
        <svg class="mark" viewBox="0 0 24 24" aria-hidden="true">
          <path d="M4 4l16 16M20 4L4 20" />
          <circle cx="12" cy="12" r="3.4" />
        </svg>
        XayNet <span>coordinator</span>
      </h1>
      <Heard />
      <nav aria-label="For programs">
        <a href={address('status')}>status</a>
        <a href={address('rounds')}>rounds</a>
        <a href={address('metrics')}>metrics</a>
        <a href={address('openapi.json')}>API</a>
        <span class="version">{status === undefined ? '' : `version ${status.version}`}</span>
      </nav>
    </header>
  );
}

/** Whether what is shown is of now; and what makes it stand still, for who reads slowly. */
function Heard() {
  const { state } = connection.value;
  const said = { connecting: 'connecting', live: 'live', held: 'standing still', lost: 'reconnecting' } as const;
  return (
    <div class="heard">
      <p class={state} role={state === 'lost' ? 'status' : undefined}>
        {said[state]}
      </p>
      <button type="button" class="hold" onClick={() => hold(state !== 'held')}>
        {state === 'held' ? 'go on' : 'hold still'}
      </button>
    </div>
  );
}

/** What is wrong, above all else. */
function Alarm() {
  const now = connection.value;
  const status = live.value?.status;
  if (now.state === 'lost') {
    return (
      <p class="alarm-line" role="alert">
        {status === undefined ? 'The coordinator does not answer; trying again.' : 'The coordinator does not answer; what is below is old.'}{' '}
        <span aria-hidden="true">Silent for {clock(pageNow.value - now.since)}.</span>
      </p>
    );
  }
  if (status?.paused != null) {
    return (
      <p class="alarm-line" role="alert">
        No message is taken: {status.paused.title} <code>{status.paused.code}</code>
      </p>
    );
  }
  return null;
}

/** Time between two announcements, so that rounds of a second do not keep a screen reader talking. */
const SPOKEN_MS = 5000;

/** Phases told to who listens to the page; counts would be too many. */
function Spoken() {
  const status = live.value?.status;
  const said = useRef({ at: Number.NEGATIVE_INFINITY, text: '' });
  if (status !== undefined && pageNow.value - said.current.at >= SPOKEN_MS) {
    const text = `Round ${count(status.round)}, ${status.phase}`;
    if (text !== said.current.text) said.current = { at: pageNow.value, text };
  }
  return (
    <p class="spoken" aria-live="polite">
      {said.current.text}
    </p>
  );
}

/** One part of the page: if it cannot be drawn, the others can. It is tried again with the next document. */
function Part({ children }: { children: ComponentChildren }) {
  const [error, again] = useErrorBoundary();
  const now = live.value;
  useEffect(() => {
    if (error !== undefined) again();
  }, [now]);
  if (error === undefined) return <>{children}</>;
  return (
    <Card id="failed" title="This part cannot be drawn">
      <p class="nothing">{String(error)}</p>
    </Card>
  );
}

const PARTS = [Welcome, Round, Arrivals, Reports, Masked, Models, Rounds, Health, Fleet, Settings];

function Page() {
  return (
    <>
      <Header />
      <Alarm />
      <Spoken />
      <main class={connection.value.state === 'lost' ? 'old' : undefined}>
        {PARTS.map((Each, i) => (
          <Part key={i}>
            <Each />
          </Part>
        ))}
      </main>
      <footer>All times are the coordinator’s, in UTC. Nothing here tells whose a message was, and nothing can be changed from here.</footer>
    </>
  );
}

begin();
const root = document.getElementById('page')!;
root.replaceChildren();
render(<Page />, root);
