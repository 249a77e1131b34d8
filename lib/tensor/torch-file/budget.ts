/**
 * How much work a file may cause. A few bytes of pickle can repeat a large thing without end; whatever copies or walks
 * pays here, and a file that asks for too much is refused.
 */
export class Budget {
  private left: number;

  constructor(
    units: number,
    private readonly exceeded: () => Error,
  ) {
    this.left = units;
  }

  spend(units: number): void {
    this.left -= units;
    if (!(this.left >= 0)) throw this.exceeded();
  }
}
