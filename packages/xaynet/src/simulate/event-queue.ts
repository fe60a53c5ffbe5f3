// What is to happen, by its time and then in the order in which it was planned: a binary heap.

/** Something planned; may be called off. */
export interface Planned {
  readonly at: number;
  readonly run: () => void;
  /** Nothing else happens at the same time: what follows waits until all that it sets off is over. */
  readonly alone: boolean;
  order: number;
  off: boolean;
}

/** See the head of the file. */
export class EventQueue {
  readonly #heap: Planned[] = [];
  #orders = 0;

  /** The first of all, which stays. */
  get first(): Planned | undefined {
    while (this.#heap[0]?.off === true) this.#remove();
    return this.#heap[0];
  }

  add(at: number, run: () => void, alone: boolean): Planned {
    const planned = { at, run, alone, order: this.#orders++, off: false };
    const heap = this.#heap;
    let place = heap.push(planned) - 1;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!isBefore(planned, heap[parent]!)) break;
      heap[place] = heap[parent]!;
      place = parent;
    }
    heap[place] = planned;
    return planned;
  }

  /** Takes out the first. */
  shift(): Planned | undefined {
    const { first } = this;
    if (first !== undefined) this.#remove();
    return first;
  }

  clear(): void {
    this.#heap.length = 0;
  }

  #remove(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, last)) break;
      heap[place] = heap[child]!;
      place = child;
    }
    heap[place] = last;
  }
}

function isBefore(a: Planned, b: Planned): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
