// Networks whose training is to be matched: experts, of which a pool has kept the weights of each epoch (docs/math.md §13).
import type { Floats } from "../backend/buffer.ts";
import { floats, listOf } from "../checks/checks.ts";
import { checkOptions } from "../checks/options.ts";
import { outOfRange } from "../checks/refusal.ts";
import { checkFloats } from "../engine/validate.ts";
import { isObject } from "../kinds.ts";
import { type Initializer, type InitOptions, type InitScheme, initChecks, initializer } from "../nn/init.ts";

/** θ of a network before its training, and after each epoch of it: E + 1 of them, each flat in module order. */
export type Trajectory = readonly Floats[];

/** A pool that has kept the weights of each epoch. */
export interface ExpertPool {
  /** The trajectory of each network. All have equally many epochs. */
  readonly trajectories?: readonly Trajectory[] | undefined;
}

/** A {@link WeightSource} of random networks, with the trajectories of others that began like them. */
export interface Experts extends Initializer {
  readonly kind: "experts";
  readonly trajectories: readonly Trajectory[];
}

const advice = "train a pool with keepEpochs: true (--keep-epochs) and load it with trajectories: true";

/**
 * Takes networks whose training a set is to match, for `trajectoryMatching`. Networks that are evaluated on the set are new ones,
 * drawn by `scheme`, as the experts should have been before their training.
 *
 * A recipe names the experts by number, epochs and SHA-256, and does not contain them.
 *
 * @param pool A pool from `trainPool` with `keepEpochs`, or from `loadPool` with `trajectories`; or the trajectories themselves.
 * @throws TypeError and RangeError for no network, for one that kept no epoch of its training or another number than the first, for
 * arrays that are not of finite floats or not as long as the first; and as `randomInit` for the scheme.
 * @example
 * const init = randomInit("pytorch");
 * const pool = await trainPool({ data: train, model, init, networks: 10, epochs: 20, optimizer: "sgd", keepEpochs: true });
 * const run = distill({ data: train, model, method: trajectoryMatching({ imagesPerClass: 1 }), init: experts(pool, "pytorch") });
 * await evaluate({ set: await run.result(), model, init, test });
 */
export function experts(
  pool: ExpertPool | readonly Trajectory[],
  scheme: InitScheme = "xavier-normal",
  options: InitOptions = {},
): Experts {
  checkOptions(options, initChecks);
  const given = isObject(pool) ? (pool as ExpertPool).trajectories : pool;
  if (given === undefined) throw new RangeError(`"pool" expected the weights of each epoch, got none: ${advice}`);
  checkTrajectories("trajectories", given);
  const [first] = given;
  for (const [k, trajectory] of given.entries()) {
    for (const [e, theta] of trajectory.entries()) checkFloats(`trajectories[${k}][${e}]`, theta, first![0]!.length);
  }
  return { kind: "experts", ...initializer(scheme, options), trajectories: given };
}

/** Throws TypeError or RangeError unless these are trajectories of equally many epochs, at least one. Their floats are not looked at. */
export function checkTrajectories(name: string, value: unknown): asserts value is readonly Trajectory[] {
  listOf("an array of trajectories", listOf("an array of the weights of each epoch", floats))(name, value);
  const all = value as readonly Trajectory[];
  if (all.length === 0) throw new RangeError(`"${name}" expected at least one network, got none`);
  const [{ length }] = all as readonly [Trajectory];
  if (length < 2) throw outOfRange(`${name}[0]`, "the weights before training and after at least one epoch", length);
  const other = all.findIndex((trajectory) => trajectory.length !== length);
  if (other > 0) throw outOfRange(`${name}[${other}]`, `the weights of ${length - 1} epochs`, all[other]!.length - 1);
}

/** Returns the number of epochs that each expert was trained for. */
export function epochsOf({ trajectories }: Pick<Experts, "trajectories">): number {
  return trajectories[0]!.length - 1;
}

/**
 * Throws RangeError unless a start before epoch `maxStartEpoch` leaves `expertEpochs` epochs to match, in which the weights change;
 * and for a source of other networks.
 */
export function checkExperts(
  init: { readonly kind: string },
  { expertEpochs, maxStartEpoch }: { readonly expertEpochs: number; readonly maxStartEpoch: number },
): void {
  if (init.kind !== "experts") throw new RangeError(`"init" expected what experts() gives, got kind "${init.kind}"`);
  const { trajectories } = init as Experts;
  const needed = maxStartEpoch - 1 + expertEpochs;
  const epochs = epochsOf({ trajectories });
  if (epochs < needed) {
    const why = `"maxStartEpoch" ${maxStartEpoch} and "expertEpochs" ${expertEpochs}`;
    throw new RangeError(`"init" expected experts of at least ${needed} epochs, for ${why}, got ${epochs}`);
  }
  for (const [k, trajectory] of trajectories.entries()) {
    for (let t = 0; t < maxStartEpoch; t++) {
      const [from, to] = [trajectory[t]!, trajectory[t + expertEpochs]!];
      if (from.some((weight: number, i: number) => weight !== to[i])) continue;
      throw new RangeError(
        `"init" expected experts whose weights change, but expert ${k} has the same after epochs ${t} and ${t + expertEpochs}`,
      );
    }
  }
}
