// The one place that every op passes before a backend computes: each operand is a whole place in the memory, as long as the
// op's contract says (ops.ts). Kernels check nothing, and what goes to a wrong address inside the memory overwrites other data.
import { checkedAugmentations } from "./checked-augmentations.ts";
import { checkedFrequency } from "./checked-frequency.ts";
import {
  checkedActivations,
  checkedConvolutions,
  checkedLayouts,
  checkedPoolings,
  checkedVectors,
} from "./checked-layers.ts";
import { checkedKernels, checkedLosses, checkedOptimizers, checkedRandom, checkedRidge } from "./checked-losses.ts";
import { checkedNormPools } from "./checked-norm-pools.ts";
import { checkedNorms } from "./checked-norms.ts";
import type { FrequencyOps } from "./frequency-ops.ts";
import type { NormPoolOps } from "./norm-pool-ops.ts";
import type { Ops } from "./ops.ts";
import { checksOf, type Room } from "./room.ts";

/** Returns `ops`, each of which first checks place and length of what it is given. Throws RangeError before anything is written. */
export function checkedOps(ops: Ops, room: Room): Ops {
  const checks = checksOf(room);
  return {
    ...checkedVectors(ops, checks),
    ...checkedLayouts(ops, checks),
    ...checkedAugmentations(ops, checks),
    ...checkedConvolutions(ops, checks, room),
    ...(ops.spectrumForward && checkedFrequency(ops as Ops & FrequencyOps, checks, room)),
    ...checkedActivations(ops, checks),
    ...checkedPoolings(ops, checks),
    ...checkedNorms(ops, checks),
    ...(ops.normPoolForward && checkedNormPools(ops as Ops & NormPoolOps, checks)),
    ...checkedLosses(ops, checks),
    ...checkedRidge(ops, checks, room),
    ...checkedKernels(ops, checks, room),
    ...checkedOptimizers(ops, checks),
    ...checkedRandom(ops, checks),
  };
}
