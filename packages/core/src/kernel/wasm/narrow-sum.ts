// A sum in lanes of 64 bits. Large ones own an instance, and the lanes stay in its memory; small ones, and those that no memory of an
// engine holds, keep them outside and pass them through the shared one, tile by tile. Elements are checked and added in one pass, and
// taken back when a later one is out of range.

import type { Draws, Group, Sum } from '../kernel.ts';
import { Drawing } from './drawing.ts';
import type { Stream } from './draws.ts';
import { type Instance, instantiate, PAGE, tiles } from './engine.ts';
import { DRAWS, GROUP, INPUT, LANES, OUTPUT, SUM } from './layout.ts';
import { bring, eachTile, forget, setGroup, take } from './narrow-tiles.ts';

/** From so many elements on, an instance pays; each reserves gigabytes of addresses, whatever it uses, so small sums go without. */
const OWN = 65536;
/** Below so many terms in 2^64, reducing all lanes now and then costs more than keeping them reduced. */
const FEW_TERMS = 32n;

/** A sum in lanes of 64 bits; see {@link isLane64}. */
export class NarrowSum implements Sum {
  readonly group: Group;
  readonly length: number;
  /** The instance with the lanes, or the lanes. */
  readonly #own: Instance | undefined;
  readonly #outside: Uint8Array | undefined;
  /** Whether every step leaves lanes below the order; otherwise they are below `#terms` times the order. */
  readonly #isReduced: boolean;
  readonly #mostTerms: number;
  #terms = 1;

  /** A sum of zeros; takes eight bytes an element. */
  constructor(group: Group, length: number) {
    this.group = group;
    this.length = length;
    const terms = (1n << 64n) / group.order;
    const isPower = (group.order & (group.order - 1n)) === 0n; // then overflows of 2^64 do no harm
    this.#isReduced = !isPower && terms < FEW_TERMS;
    this.#mostTerms = isPower || this.#isReduced ? Infinity : Number(terms);
    this.#own = length >= OWN ? makeInstance(length) : undefined;
    if (this.#own === undefined) this.#outside = new Uint8Array(8 * (length + 1));
    else setGroup(this.#own, group);
  }

  add(elements: Uint8Array): boolean {
    this.#makeRoom();
    const instance = this.#open();
    const { addElements, addElementsReduced, subtractElements, subtractElementsReduced } = instance.exports;
    const add = this.#isReduced ? addElementsReduced : addElements;
    let bad = -1;
    this.#eachTile(instance, this.length, (lanes, from, count) => {
      bring(instance, elements, from, count, this.group.bytesPerNumber);
      if (add(GROUP, lanes, INPUT, count) !== 0) bad = from + count;
      return bad < 0;
    });
    if (bad < 0) {
      this.#terms++;
      return true;
    }
    const subtract = this.#isReduced ? subtractElementsReduced : subtractElements;
    this.#eachTile(instance, bad, (lanes, from, count) => {
      bring(instance, elements, from, count, this.group.bytesPerNumber);
      subtract(GROUP, lanes, INPUT, count);
    });
    return false;
  }

  addDraws(draws: Draws, from = 0, to: number = this.length): void {
    if (from === 0) this.#makeRoom();
    const instance = this.#open();
    const { addLanes, addLanesReduced } = instance.exports;
    const drawing = new Drawing(draws as unknown as Stream, instance, this.group, to - from);
    this.#eachTile(
      instance,
      to,
      (lanes, _, count) => {
        drawing.toLanes(count);
        if (this.#isReduced) addLanesReduced(GROUP, lanes, DRAWS, count);
        else addLanes(lanes, DRAWS, count);
      },
      from,
    );
    drawing.close();
    forget(instance, to - from);
    if (to === this.length) this.#terms++;
  }

  clear(): void {
    if (this.#own === undefined) this.#outside!.fill(0);
    else this.#own.bytes.fill(0, SUM);
    forget(this.#own ?? tiles(), this.length);
    this.#terms = 1;
  }

  read(out: Uint8Array): void {
    const instance = this.#open();
    this.#reduce(instance);
    const width = this.group.bytesPerNumber;
    this.#eachTile(instance, this.length, (lanes, from, count) => {
      instance.exports.packLanes(GROUP, lanes, count, OUTPUT);
      take(instance, out, from, count, width);
    });
  }

  difference(elements: Uint8Array, out: Uint8Array): boolean {
    const instance = this.#open();
    this.#reduce(instance);
    const { bytes, exports } = instance;
    const width = this.group.bytesPerNumber;
    return this.#eachTile(instance, this.length, (lanes, from, count) => {
      bring(instance, elements, from, count, width);
      bytes.copyWithin(DRAWS, lanes, lanes + 8 * (count + 1)); // the sum stays as it is
      if (exports.subtractElementsReduced(GROUP, DRAWS, INPUT, count) !== 0) return false;
      exports.packLanes(GROUP, DRAWS, count, OUTPUT);
      take(instance, out, from, count, width);
      return true;
    });
  }

  #open(): Instance {
    if (this.#own !== undefined) return this.#own;
    const instance = tiles();
    setGroup(instance, this.group);
    return instance;
  }

  /** Passes the tiles with the addresses of their lanes, until false; lanes from outside are changed there too, also in the last one. */
  #eachTile(instance: Instance, end: number, pass: (lanes: number, from: number, count: number) => unknown, start = 0): boolean {
    const outside = this.#outside;
    return eachTile(end - start, (offset, count) => {
      const from = start + offset;
      if (outside === undefined) return pass(SUM + 8 * from, from, count);
      const behind = 8 * (from + count + (count % 2));
      instance.bytes.set(outside.subarray(8 * from, behind), LANES);
      const goesOn = pass(LANES, from, count);
      outside.set(instance.bytes.subarray(LANES, LANES + behind - 8 * from), 8 * from);
      return goesOn;
    });
  }

  /** Lets one more term fit without an overflow. */
  #makeRoom(): void {
    if (this.#terms >= this.#mostTerms) this.#reduce(this.#open());
  }

  #reduce(instance: Instance): void {
    if (this.#terms === 1 || this.#isReduced) return;
    this.#eachTile(instance, this.length, (lanes, _, count) => instance.exports.reduceLanes(GROUP, lanes, count));
    this.#terms = 1;
  }
}

/** An instance whose memory holds so many lanes; undefined where that is too much for it, or for the engine. */
function makeInstance(length: number): Instance | undefined {
  const size = SUM + 8 * (length + 2);
  if (size > 2 ** 32 - PAGE) return undefined;
  try {
    return instantiate(size);
  } catch {
    return undefined;
  }
}
