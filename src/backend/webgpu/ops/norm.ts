// Normalisation over sets on a GPU, by the formulas of reference/norm.ts. Sums go over the positions of a channel and a lane
// first, then over the channels, and for sets across images the lanes, of a set.
import { none, type OptionalBuffer } from "../../buffer.ts";
import type { Ops } from "../../ops.ts";
import type { NormShape } from "../../shapes.ts";
import type { Recorder } from "../recorder.ts";
import type { Shader } from "../shader.ts";
import { finishFunction, finishNumbers, finishOperands, joinFinish, unfinished } from "./finish.ts";

const sizes = { channels: "u", groups_: "u", area: "u", images: "u", lanes: "u", across: "u" } as const;

/** What a thread for one channel and lane, id = channel·lanes + lane, knows of its set. */
const ofChannel = `
  let c = id / lanes;
  let image = id % lanes;
  let own_set = c / (channels / groups_) * lanes + image;
  let other = groups_ * lanes;`;

/** The same for a thread a float of an activation. */
const ofFloat = `
  let c = id / (area * lanes);
  let image = id % lanes;
  let own_set = c / (channels / groups_) * lanes + image;
  let other = groups_ * lanes;`;

/** For a thread a set's lane, id = group·lanes + lane: calls `inner` for each channel and lane `q` of the set. */
const overSet = (inner: string): string => `
  let image = id % lanes;
  let size = channels / groups_;
  let first = select(image, 0u, across == 1u);
  let last = select(image + 1u, images, across == 1u);
  let count = f32(size * area * (last - first));
  let other = groups_ * lanes;
  if (image < images) {
    for (var c = id / lanes * size; c < (id / lanes + 1u) * size; c++) {
      for (var b = first; b < last; b++) {
        let q = c * lanes + b;
        ${inner}
      }
    }
  }`;

const perPosition = (inner: string): string => `
  for (var i = 0u; i < area; i++) {
    let f = (c * area + i) * lanes + image;
    ${inner}
  }`;

const or = (operand: string, index: string, otherwise: string): string =>
  `select(${otherwise}, m[select(${index}, ${operand} + ${index}, ${operand} != NONE)], ${operand} != NONE)`;

/** Whether a set is one channel of one image: then the thread of that channel and lane has all of it, and id is its set. */
const isChannel = "groups_ == channels && across == 0u";

/** Mean and s of sets that are channels. */
const channelStatistics = {
  name: "norm, statistics of channels",
  numbers: { ...sizes, eps: "f" },
  operands: ["statistics", "x"],
  body: `${ofChannel}
  let real = image < images;
  var sum = 0.0;${perPosition("sum += m[x + f];")}
  let mean = select(0.0, sum / f32(area), real);
  var squares = 0.0;${perPosition("let d = m[x + f] - mean; squares += d * d;")}
  m[statistics + own_set] = mean;
  m[statistics + other + own_set] = select(0.0, 1.0 / sqrt(squares / f32(area) + eps), real);`,
} as const satisfies Shader;

/** s[q] = Σ x over a channel's positions */
const sums = {
  name: "norm, sums",
  numbers: sizes,
  operands: ["x"],
  body: `${ofChannel}
  var sum = 0.0;${perPosition("sum += m[x + f];")}
  s[scratch + id] = sum;`,
} as const satisfies Shader;

const means = {
  name: "norm, means",
  numbers: sizes,
  operands: ["statistics"],
  body: `
  var sum = 0.0;${overSet("sum += s[scratch + q];")}
  m[statistics + id] = sum / count;`,
} as const satisfies Shader;

/** s[q] = Σ (x − m)² */
const squares = {
  name: "norm, squares",
  numbers: sizes,
  operands: ["x", "statistics"],
  body: `${ofChannel}
  let mean = m[statistics + own_set];
  var sum = 0.0;${perPosition("let d = m[x + f] - mean; sum += d * d;")}
  s[scratch + id] = sum;`,
} as const satisfies Shader;

const deviations = {
  name: "norm, deviations",
  numbers: { ...sizes, eps: "f" },
  operands: ["statistics"],
  body: `
  var sum = 0.0;${overSet("sum += s[scratch + q];")}
  m[statistics + other + id] = select(0.0, 1.0 / sqrt(sum / count + eps), image < images);`,
} as const satisfies Shader;

const apply = {
  name: "normForward",
  numbers: { ...sizes, ...finishNumbers },
  operands: ["y", "statistics", "x", "weight", "bias", ...finishOperands],
  functions: finishFunction,
  body: `${ofFloat}
  let hat = m[statistics + other + own_set] * (m[x + id] - m[statistics + own_set]);
  let value = ${or("weight", "c", "1.0")} * hat + ${or("bias", "c", "0.0")};
  m[y + id] = finished(value, finish, gate, id);`,
  join: (first, second) => joinFinish(first, second, "y", first.count),
} as const satisfies Shader;

/** What a thread for a channel and lane of image `image` leaves in `out` of its sums, and of sets that are channels the means. */
const leaveSums = (ofSet: string): string => `
  if (image >= images) {
    with_hat = 0.0;
    alone = 0.0;
  }
  m[out + id] = with_hat;
  m[out + channels * lanes + id] = alone;
  if (${isChannel}) {
    ${ofSet}
    m[out + 2u * channels * lanes + id] = with_hat / f32(area);
    m[out + 2u * channels * lanes + other + id] = alone / f32(area);
  }`;

/** sums[q] = Σ dy·x̂ and then Σ dy */
const channelSums = {
  name: "normBackward, sums",
  numbers: sizes,
  operands: ["out", "dy", "x", "statistics", "weight"],
  body: `${ofChannel}
  let mean = m[statistics + own_set];
  let scale = m[statistics + other + own_set];
  var with_hat = 0.0;
  var alone = 0.0;${perPosition("let d = m[dy + f]; alone += d; with_hat += d * (scale * (m[x + f] - mean));")}
  ${leaveSums(`let gamma = ${or("weight", "c", "1.0")};
    with_hat *= gamma;
    alone *= gamma;`)}`,
} as const satisfies Shader;

/** After these: ⟨g·x̂⟩ and ⟨g⟩ of each lane's set. */
const setMeans = {
  name: "normBackward, means",
  numbers: sizes,
  operands: ["out", "weight"],
  body: `
  var with_hat = 0.0;
  var alone = 0.0;${overSet(`let gamma = ${or("weight", "c", "1.0")};
        with_hat += gamma * m[out + q];
        alone += gamma * m[out + channels * lanes + q];`)}
  m[out + 2u * channels * lanes + id] = with_hat / count;
  m[out + 2u * channels * lanes + other + id] = alone / count;`,
} as const satisfies Shader;

const backward = {
  name: "normBackward",
  numbers: sizes,
  operands: ["dx", "sums", "dy", "x", "statistics", "weight"],
  body: `${ofFloat}
  let scale = m[statistics + other + own_set];
  let hat = scale * (m[x + id] - m[statistics + own_set]);
  let at_means = sums + 2u * channels * lanes + own_set;
  let g = ${or("weight", "c", "1.0")} * m[dy + id];
  m[dx + id] = select(0.0, scale * (g - m[at_means + other] - hat * m[at_means]), image < images);`,
} as const satisfies Shader;

/** s[q] = Σ rx, and then Σ x̂·rx; of sets that are channels their means */
const tangentSums = {
  name: "normForwardR, sums",
  numbers: sizes,
  operands: ["r_statistics", "rx", "x", "statistics"],
  body: `${ofChannel}
  let mean = m[statistics + own_set];
  let scale = m[statistics + other + own_set];
  var with_hat = 0.0;
  var alone = 0.0;${perPosition("let d = m[rx + f]; alone += d; with_hat += d * (scale * (m[x + f] - mean));")}
  if (${isChannel}) {
    m[r_statistics + id] = select(0.0, alone / f32(area), image < images);
    m[r_statistics + other + id] = select(0.0, with_hat / f32(area), image < images);
    return;
  }
  s[scratch + id] = alone;
  s[scratch + channels * lanes + id] = with_hat;`,
} as const satisfies Shader;

const tangentMeans = {
  name: "normForwardR, means",
  numbers: sizes,
  operands: ["r_statistics"],
  body: `
  var with_hat = 0.0;
  var alone = 0.0;${overSet("alone += s[scratch + q]; with_hat += s[scratch + channels * lanes + q];")}
  m[r_statistics + id] = alone / count;
  m[r_statistics + other + id] = with_hat / count;`,
} as const satisfies Shader;

/** x̂ and R{x̂} of a float at index `f`, from statistics and their tangents. */
const hats = `
fn r_hat(hat: f32, scale: f32, with_hat: f32, rx: f32, mean: f32) -> f32 {
  return scale * (rx - mean) - scale * with_hat * hat;
}
`;

const forwardR = {
  name: "normForwardR",
  numbers: { ...sizes, ...finishNumbers },
  operands: ["ry", "r_statistics", "rx", "x", "statistics", "weight", "r_weight", "r_bias", ...finishOperands],
  functions: hats + finishFunction,
  body: `${ofFloat}
  let scale = m[statistics + other + own_set];
  let hat = scale * (m[x + id] - m[statistics + own_set]);
  var value = ${or("r_weight", "c", "0.0")} * hat + ${or("r_bias", "c", "0.0")};
  if (rx != NONE) {
    let rh = r_hat(hat, scale, m[r_statistics + other + own_set], m[rx + id], m[r_statistics + own_set]);
    value += ${or("weight", "c", "1.0")} * rh;
  }
  m[ry + id] = finished(value, finish, gate, id);`,
  join: (first, second) => joinFinish(first, second, "ry", first.count),
} as const satisfies Shader;

const backwardROperands = ["rx", "r_statistics", "x", "statistics", "dy", "rdy"] as const;

/** x̂ and R{x̂} of the float at index `f` of an activation. */
const bothHats = `
    let hat = scale * (m[x + f] - mean);
    var rh = 0.0;
    if (rx != NONE) { rh = r_hat(hat, scale, m[r_statistics + other + own_set], m[rx + f], m[r_statistics + own_set]); }`;

const channelSumsR = {
  name: "normBackwardR, sums",
  numbers: sizes,
  operands: ["out", "sums", "weight", "r_weight", ...backwardROperands],
  functions: hats,
  body: `${ofChannel}
  let mean = m[statistics + own_set];
  let scale = m[statistics + other + own_set];
  var with_hat = 0.0;
  var alone = 0.0;${perPosition(`${bothHats}
    alone += m[rdy + f];
    with_hat += m[rdy + f] * hat + m[dy + f] * rh;`)}
  ${leaveSums(`let gamma = ${or("weight", "c", "1.0")};
    let r_gamma = ${or("r_weight", "c", "0.0")};
    with_hat = gamma * with_hat + r_gamma * m[sums + id];
    alone = gamma * alone + r_gamma * m[sums + channels * lanes + id];`)}`,
} as const satisfies Shader;

const setMeansR = {
  name: "normBackwardR, means",
  numbers: sizes,
  operands: ["out", "sums", "weight", "r_weight"],
  body: `
  var with_hat = 0.0;
  var alone = 0.0;${overSet(`let gamma = ${or("weight", "c", "1.0")};
        let r_gamma = ${or("r_weight", "c", "0.0")};
        with_hat += gamma * m[out + q] + r_gamma * m[sums + q];
        alone += gamma * m[out + channels * lanes + q] + r_gamma * m[sums + channels * lanes + q];`)}
  m[out + 2u * channels * lanes + id] = with_hat / count;
  m[out + 2u * channels * lanes + other + id] = alone / count;`,
} as const satisfies Shader;

const backwardR = {
  name: "normBackwardR",
  numbers: sizes,
  operands: ["rdx", "r_sums", "sums", "weight", "r_weight", ...backwardROperands],
  functions: hats,
  body: `${ofFloat}
  let mean = m[statistics + own_set];
  let scale = m[statistics + other + own_set];
  let f = id;${bothHats}
  let at_means = sums + 2u * channels * lanes + own_set;
  let at_r_means = r_sums + 2u * channels * lanes + own_set;
  let gamma = ${or("weight", "c", "1.0")};
  let g = gamma * m[dy + id];
  let rg = gamma * m[rdy + id] + ${or("r_weight", "c", "0.0")} * m[dy + id];
  let inner = g - m[at_means + other] - hat * m[at_means];
  let r_inner = rg - m[at_r_means + other] - rh * m[at_means] - hat * m[at_r_means];
  var r_scale = 0.0;
  if (rx != NONE) { r_scale = -scale * scale * m[r_statistics + other + own_set]; }
  m[rdx + id] = select(0.0, r_scale * inner + scale * r_inner, image < images);`,
} as const satisfies Shader;

export function normOps({
  record,
}: Recorder): Pick<Ops, "normForward" | "normBackward" | "normForwardR" | "normBackwardR"> {
  const numbersOf = ({ channels, groups, area, images, lanes, acrossImages }: NormShape) => ({
    ...{ channels, groups_: groups, area, images, lanes, across: Number(acrossImages) },
  });
  const countsOf = ({ channels, groups, area, lanes }: NormShape) => ({
    ...{ channelLanes: channels * lanes, setLanes: groups * lanes, floats: channels * area * lanes },
  });
  const isChannelOf = ({ channels, groups, acrossImages }: NormShape): boolean => groups === channels && !acrossImages;
  return {
    normForward(y, statistics, x, weight, bias, eps, shape) {
      const numbers = numbersOf(shape);
      const { channelLanes, setLanes, floats } = countsOf(shape);
      if (isChannelOf(shape)) record(channelStatistics, channelLanes, { ...numbers, eps }, { statistics, x });
      else {
        record(sums, channelLanes, numbers, { x }, channelLanes);
        record(means, setLanes, numbers, { statistics }, channelLanes);
        record(squares, channelLanes, numbers, { x, statistics }, channelLanes);
        record(deviations, setLanes, { ...numbers, eps }, { statistics }, channelLanes);
      }
      record(apply, floats, { ...numbers, ...unfinished }, { y, statistics, x, weight, bias, gate: none });
    },

    normBackward(dx, sumsAt, dy, x, statistics, weight, shape) {
      const numbers = numbersOf(shape);
      const { channelLanes, setLanes, floats } = countsOf(shape);
      record(channelSums, channelLanes, numbers, { out: sumsAt, dy, x, statistics, weight });
      if (!isChannelOf(shape)) record(setMeans, setLanes, numbers, { out: sumsAt, weight });
      if (dx !== none) record(backward, floats, numbers, { dx, sums: sumsAt, dy, x, statistics, weight });
    },

    normForwardR(ry, rStatistics, rx, x, statistics, weight, rWeight, rBias, shape) {
      const numbers = numbersOf(shape);
      const { channelLanes, setLanes, floats } = countsOf(shape);
      if (rx !== none) {
        const scratch = isChannelOf(shape) ? 0 : 2 * channelLanes;
        record(tangentSums, channelLanes, numbers, { r_statistics: rStatistics, rx, x, statistics }, scratch);
        if (scratch > 0) record(tangentMeans, setLanes, numbers, { r_statistics: rStatistics }, scratch);
      }
      const rest = { x, statistics, weight, r_weight: rWeight, r_bias: rBias, gate: none };
      record(forwardR, floats, { ...numbers, ...unfinished }, { ry, r_statistics: rStatistics, rx, ...rest });
    },

    normBackwardR(rdx, rSums, { rdy, rx, rStatistics, rWeight }, { dy, x, statistics, sums: sumsAt, weight }, shape) {
      const numbers = numbersOf(shape);
      const { channelLanes, setLanes, floats } = countsOf(shape);
      const operands: Readonly<Record<(typeof backwardROperands)[number], OptionalBuffer>> = {
        ...{ rx, r_statistics: rStatistics, x, statistics, dy, rdy },
      };
      const parameters = { sums: sumsAt, weight, r_weight: rWeight };
      record(channelSumsR, channelLanes, numbers, { out: rSums, ...parameters, ...operands });
      if (!isChannelOf(shape)) record(setMeansR, setLanes, numbers, { out: rSums, ...parameters });
      if (rdx !== none) record(backwardR, floats, numbers, { rdx, r_sums: rSums, ...parameters, ...operands });
    },
  };
}
