// The left of the page: draw a digit, see what the model takes it for, teach it.

import type { Digits } from '../src/digits.ts';
import { imageOf } from '../src/drawing.ts';
import { element } from './element.ts';
import { Pad } from './pad.ts';
import { drawImage } from './pictures.ts';

/** Shows what the model reads; `probabilities` asks it, `teach` is told what a drawing was. */
export class ReaderView {
  readonly #pad: Pad;
  readonly #bars: HTMLElement[];
  readonly #probabilities: (image: Float32Array) => number[];
  #image: Float32Array | undefined;

  constructor(samples: Digits, probabilities: (image: Float32Array) => number[], teach: (digit: number, image: Float32Array) => void) {
    this.#probabilities = probabilities;
    this.#pad = new Pad(element<HTMLCanvasElement>('pad'), () => this.#show(imageOf(this.#pad.strokes)));
    this.#bars = Array.from({ length: 10 }, (_, digit) => bar(digit));
    element('bars').replaceChildren(...this.#bars);
    element('clear').onclick = () => this.#pad.clear();
    element('sample').onclick = () => {
      this.#pad.clear();
      this.#show(samples.images[Math.floor(Math.random() * samples.images.length)]);
    };
    element('keys').replaceChildren(
      ...Array.from({ length: 10 }, (_, digit) => {
        const key = document.createElement('button');
        key.type = 'button';
        key.textContent = String(digit);
        key.onclick = () => {
          if (this.#image === undefined) return;
          teach(digit, this.#image);
          this.#pad.clear();
        };
        return key;
      }),
    );
    this.#show(undefined);
  }

  /** Asks again: the model is another one now. */
  refresh(): void {
    this.#show(this.#image);
  }

  #show(image: Float32Array | undefined): void {
    this.#image = image;
    drawImage(element<HTMLCanvasElement>('seen'), image);
    element('hint').hidden = this.#pad.strokes.length > 0;
    element<HTMLFieldSetElement>('teach').disabled = image === undefined;
    const probabilities = image === undefined ? undefined : this.#probabilities(image);
    const best = probabilities === undefined ? -1 : probabilities.indexOf(Math.max(...probabilities));
    for (const [digit, item] of this.#bars.entries()) {
      const share = probabilities?.[digit] ?? 0;
      item.classList.toggle('best', digit === best);
      item.setAttribute('aria-label', `${digit}: ${Math.round(100 * share)} %`);
      item.querySelector('i')!.style.height = `${100 * share}%`;
    }
    element('digit').textContent = best < 0 ? '?' : String(best);
    element('sure').textContent = best < 0 ? 'nothing drawn yet' : `${Math.round(100 * probabilities![best]!)} % sure`;
  }
}

function bar(digit: number): HTMLElement {
  const item = document.createElement('li');
  const column = document.createElement('div');
  column.append(document.createElement('i'));
  item.append(column, String(digit));
  return item;
}
