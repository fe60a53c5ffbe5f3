// What the coordinator can and cannot see: the numbers that it holds, which are noise, beside the mean that comes out when the masks are taken off.

import type { MaskedJson, MeanJson } from '@xaynet/coordinator/documents';
import { useEffect, useRef } from 'preact/hooks';
import { Card, Nothing } from './card.tsx';
import { Folded } from './chart.tsx';
import { count, many, significant } from './format.ts';
import { masked } from './state.ts';

const SIDE = 32;

export function Masked() {
  const view = masked.value;
  if (view === undefined)
    return (
      <Card id="masked" title="What the coordinator sees" wide>
        {<div class="placeholder tall" />}
      </Card>
    );
  const { sum, update, shown } = view;
  return (
    <Card
      id="masked"
      title="What the coordinator sees"
      wide
      note={
        shown
          ? 'A single update is shown here because this coordinator is a demonstration: whoever has its mask, as every sum participant does, could take it off.'
          : 'A single update is never shown to the public: every sum participant of the round has its mask and could take it off. The masked sum is shown once its mean is public.'
      }
    >
      <div class="looks">
        {update === null ? null : (
          <Noise title="One update, as it came" look={update} said="What one participant learned is in these numbers, under its mask." />
        )}
        {sum === null ? null : (
          <Noise
            title={`The sum of ${many(sum.updates, 'update')}, masked`}
            look={sum.masked}
            said={`All the coordinator has of round ${sum.round} until the masks of all are known as one sum.`}
          />
        )}
        {sum?.mean == null ? null : <Mean round={sum.round} look={sum.mean} />}
        {sum === null && update === null ? (
          <Nothing>After the first model: the masked sum of a round, which looks like noise, beside the mean that came out of it.</Nothing>
        ) : null}
      </div>
    </Card>
  );
}

function Noise({ title, look, said }: { title: string; look: MaskedJson; said: string }) {
  const text = (look.hex.match(/../g) ?? []).slice(0, 4 * look.bytesPerElement).join(' ');
  return (
    <Look
      title={title}
      said={said}
      levels={look.levels}
      tint="masked"
      histogram={look.histogram}
      ends={['0', 'group order']}
      text={text}
      about={`${many(look.elements, 'number')} of ${many(look.bytesPerElement, 'byte')}`}
    />
  );
}

function Mean({ round, look }: { round: number; look: MeanJson }) {
  const text = look.first.map((value) => significant(value)).join('  ');
  const said = `The mean of round ${round}: the only thing that comes out, for everybody.`;
  return (
    <Look
      title="The mean, unmasked"
      said={said}
      levels={look.levels}
      tint="plain"
      histogram={look.histogram}
      ends={[significant(look.min), significant(look.max)]}
      text={text}
      about={many(look.weights, 'weight')}
    />
  );
}

interface LookProps {
  readonly title: string;
  readonly said: string;
  readonly levels: string;
  readonly tint: 'masked' | 'plain';
  readonly histogram: readonly number[];
  readonly ends: readonly [string, string];
  readonly text: string;
  readonly about: string;
}

function Look({ title, said, levels, tint, histogram, ends, text, about }: LookProps) {
  const shape = spreadOf(histogram);
  return (
    <figure class={`look ${tint}`}>
      <figcaption>
        <b>{title}</b>
        <span class="said">{said}</span>
      </figcaption>
      <div class="pair">
        <Tile levels={levels} label={`${title}: the first numbers as shades of grey`} />
        <div class="histogram">
          {shape === undefined ? null : <Histogram counts={histogram} label={`${title}: how its numbers are spread, ${shape}`} />}
          <span class="ends">
            <span>{ends[0]}</span>
            <span>{shape ?? 'too few for a histogram'}</span>
            <span>{ends[1]}</span>
          </span>
        </div>
      </div>
      <code class="bytes">{text}</code>
      <span class="more">{about}</span>
      <Folded summary="As text" of={title} class="as-table">
        <p class="more">
          Numbers in 32 equal parts from {ends[0]} to {ends[1]}: {histogram.map(count).join(', ')}.
        </p>
      </Folded>
    </figure>
  );
}

/** Numbers of which a histogram can tell nothing. */
const FEW = 256;
/** Chi-square of 32 parts that even numbers exceed once in ten thousand times. */
const UNEVEN = 70;

/** How much there is to be seen in a histogram, in a word; undefined: nothing, a few spikes would be drawn. */
function spreadOf(histogram: readonly number[]): string | undefined {
  const all = histogram.reduce((sum, each) => sum + each, 0);
  if (all < FEW) return undefined;
  const even = all / histogram.length;
  const chiSquare = histogram.reduce((sum, each) => sum + (each - even) ** 2 / even, 0);
  return chiSquare < UNEVEN ? 'flat' : 'a shape';
}

function Histogram({ counts, label }: { counts: readonly number[]; label: string }) {
  const top = Math.max(...counts, 1);
  return (
    <svg viewBox={`0 0 ${counts.length} 32`} preserveAspectRatio="none" role="img" aria-label={label}>
      {counts.map((value, i) => {
        const height = value === 0 ? 0 : Math.max(0.6, (30 * value) / top);
        return <rect key={i} x={i + 0.08} width={0.84} y={32 - height} height={height} />;
      })}
    </svg>
  );
}

/** Where all but a few numbers lie, so that a few do not take all the light and dark of the others. */
function spanOf(values: Uint8Array): [number, number] {
  const sorted = values.toSorted();
  const few = Math.floor(0.02 * sorted.length);
  const [low, high] = [sorted[few] ?? 0, sorted[sorted.length - 1 - few] ?? 255];
  return high > low ? [low, high] : [low - 1, high + 1];
}

/** The first thousand numbers as a picture, one a point. */
function Tile({ levels, label }: { levels: string; label: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const values = Uint8Array.from(atob(levels), (letter) => letter.charCodeAt(0));
    const context = canvas.current!.getContext('2d')!;
    const image = context.createImageData(SIDE, SIDE);
    const [low, high] = spanOf(values);
    for (let i = 0; i < SIDE * SIDE; i++) {
      const value = values.length === 0 ? 128 : (255 * (values[i % values.length]! - low)) / (high - low);
      image.data.set([value, value, value, 255], 4 * i);
    }
    context.putImageData(image, 0, 0);
  }, [levels]);
  return <canvas class="tile" ref={canvas} width={SIDE} height={SIDE} role="img" aria-label={label} />;
}
