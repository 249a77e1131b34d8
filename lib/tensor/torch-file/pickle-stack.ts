import type { PickleValue } from './pickle-values.js';

/** The stack of a pickle machine, with marks. Nothing below the last mark can be taken but by taking the mark. */
export class PickleStack {
  private readonly values: PickleValue[] = [];
  /** How high the stack was at each mark. */
  private readonly marks: number[] = [];

  constructor(private readonly fault: (problem: string) => Error) {}

  push(value: PickleValue): void {
    this.values.push(value);
  }

  mark(): void {
    this.marks.push(this.values.length);
  }

  top(): PickleValue {
    if (this.values.length <= (this.marks.at(-1) ?? 0)) throw this.missing();
    return this.values[this.values.length - 1] as PickleValue;
  }

  pop(): PickleValue {
    const value = this.top();
    this.values.pop();
    return value;
  }

  /** Takes the last value, or the mark where one is on top. */
  drop(): void {
    if (this.marks.at(-1) === this.values.length) this.marks.pop();
    else this.pop();
  }

  /** The last values, in the order in which they came. */
  popMany(count: number): PickleValue[] {
    return Array.from({ length: count }, () => this.pop()).reverse();
  }

  /** Everything above the last mark, and the mark. */
  popToMark(): PickleValue[] {
    const mark = this.marks.pop();
    if (mark === undefined) throw this.missing();
    return this.values.splice(mark);
  }

  private missing(): Error {
    return this.fault('its pickle takes what is not there');
  }
}
