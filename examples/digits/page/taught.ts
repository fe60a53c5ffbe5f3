// The digits that were taught to this tab: kept in this browser under the tab's seat, trained on, never sent anywhere.
import type { Digits } from '../src/digits.ts';

/** A lesson counts for so many examples, because there are few of them. */
const WEIGHT = 3;

interface Lesson {
  readonly digit: number;
  readonly image: readonly number[];
}

/** The lessons of a seat. */
export class Taught {
  readonly #key: string;
  readonly #lessons: Lesson[];

  constructor(seat: number) {
    this.#key = `taught ${seat}`;
    this.#lessons = JSON.parse(localStorage.getItem(this.#key) ?? '[]');
  }

  get count(): number {
    return this.#lessons.length;
  }

  add(digit: number, image: Float32Array): void {
    this.#lessons.push({ digit, image: Array.from(image, (grey) => Math.round(grey * 16) / 16) });
    localStorage.setItem(this.#key, JSON.stringify(this.#lessons));
  }

  /** `share` and the lessons. */
  with(share: Digits): Digits {
    const lessons = this.#lessons.flatMap((lesson) => Array<Lesson>(WEIGHT).fill(lesson));
    return {
      images: [...share.images, ...lessons.map(({ image }) => Float32Array.from(image))],
      labels: [...share.labels, ...lessons.map(({ digit }) => digit)],
    };
  }
}
