// Keeps the images of some outer steps of a run, for the animation of how they grew.
import { type DistilledSet, growthSteps } from "../../index.ts";

export class Growth {
  /** The steps that are still to come; undefined before the size of the set is known. */
  #due: number[] | undefined;
  readonly #sets: DistilledSet[] = [];

  /** Called after each outer step that was taken. */
  async passed(
    { step, steps }: { readonly step: number; readonly steps: number },
    snapshot: () => Promise<DistilledSet>,
  ): Promise<void> {
    const due = this.#due?.[0];
    if (due !== undefined && step < due) return;
    if (this.#due?.length === 0) return;
    const set = await snapshot();
    this.#due ??= growthSteps(steps, set.images.length);
    if (this.#due.length === 0) return;
    this.#due = this.#due.filter((later) => later > step);
    this.#sets.push(set);
  }

  /** Returns the sets, with the one at the end of the run; none if it is too large for an animation, or has not grown. */
  ending(last: DistilledSet): readonly DistilledSet[] {
    if (this.#sets.length === 0) return [];
    // A run that was stopped ends at another step than was planned.
    return this.#due?.length === 0 ? this.#sets : [...this.#sets, last];
  }
}
