// What the parts of the page share: a card with its heading, a number with its name, a picture of a few numbers.

import type { ComponentChildren } from 'preact';

/** One part of the page. */
export function Card({
  id,
  title,
  note,
  children,
  wide = false,
}: {
  id: string;
  title: string;
  note?: ComponentChildren;
  children: ComponentChildren;
  wide?: boolean;
}) {
  return (
    <section class={wide ? 'card wide' : 'card'} aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {note === undefined ? null : <p class="note">{note}</p>}
      {children}
    </section>
  );
}

/** A number and what it is. */
export function Fact({
  name,
  value,
  more,
  alarm = false,
  roomy = false,
}: {
  name: string;
  value: ComponentChildren;
  more?: ComponentChildren;
  alarm?: boolean;
  roomy?: boolean;
}) {
  return (
    <div class={`fact${alarm ? ' alarm' : ''}${roomy ? ' roomy' : ''}`}>
      <dt>{name}</dt>
      <dd>
        <span class="value">{value}</span>
        {more === undefined ? null : <span class="more"> {more}</span>}
      </dd>
    </div>
  );
}

/** A line through the last values; the text beside it says the last of them. */
export function Spark({ values, color }: { values: readonly (number | undefined)[]; color: string }) {
  const known = values.map((value) => value ?? 0);
  const top = Math.max(...known, 1e-9);
  const points = known.map((value, i) => `${((100 * i) / Math.max(1, known.length - 1)).toFixed(1)},${(22 - (20 * value) / top).toFixed(1)}`).join(' ');
  return (
    <svg class="spark" viewBox="0 0 100 24" preserveAspectRatio="none" aria-hidden="true">
      {known.length > 1 ? <polyline points={points} fill="none" stroke={`var(${color})`} stroke-width="1.5" vector-effect="non-scaling-stroke" /> : null}
    </svg>
  );
}

/** What is there while nothing is there. */
export function Nothing({ children }: { children: ComponentChildren }) {
  return <p class="nothing">{children}</p>;
}

/** What may be too large for its place: scrolled by keys too, and therefore to be reached by them. */
export function Scroll({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it with the arrow keys
    <section class="scroll" tabIndex={0} aria-label={label}>
      {children}
    </section>
  );
}
