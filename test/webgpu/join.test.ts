// Ops that follow each other as one dispatch: it leaves what they leave one by one, and where it would not there are two.
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { write } from "../../src/backend/backend.ts";
import { none } from "../../src/backend/buffer.ts";
import type { Ops } from "../../src/backend/ops.ts";
import type {
  AvgPool2dShape,
  Conv2dBackwardDataShape,
  Conv2dShape,
  LinearShape,
  LocalResponseNormShape,
  NormShape,
  Pool2dShape,
} from "../../src/backend/shapes.ts";
import type { WebGpuBackend } from "../../src/backend/webgpu/backend.ts";
import { expectClose, paint } from "../helpers.ts";
import { testedGpu } from "./device.ts";

const gpu = await testedGpu();
const backend = gpu as WebGpuBackend;
if (typeof gpu === "string") beforeEach(({ skip }) => skip(gpu));
else afterAll(() => gpu.dispose());

/** What numbers of one dispatch may differ by from those of two, as a share of the largest: the order of additions. */
const joinTolerance = 1e-6;

const [size, first] = [1 << 17, 1 << 10];
/** Places far enough from each other for every shape below. */
const place = (i: number): number => first + i * (size / 16);
const [y, x, w, other, rx, v, spare] = [0, 1, 2, 3, 4, 5, 15].map(place) as [
  number,
  number,
  number,
  number,
  number,
  number,
  number,
];

type Call = (ops: Ops) => void;

/** Runs the calls over the same numbers, with an op between or without. Returns the memory, and the dispatches of the calls. */
async function run(calls: readonly Call[], apart: boolean): Promise<{ floats: ArrayLike<number>; dispatches: number }> {
  backend.reserve(first + size);
  write(backend, first, paint(size, 3));
  const before = backend.counts.dispatches;
  for (const call of calls) {
    call(backend.ops);
    if (apart) backend.ops.fill(spare, 0, 1);
  }
  if (!apart) backend.ops.fill(spare, 0, 1);
  const floats = await backend.read(first, size);
  return { floats, dispatches: backend.counts.dispatches - before - (apart ? calls.length : 1) };
}

interface Row {
  readonly what: string;
  readonly calls: readonly Call[];
  /** Dispatches beyond one an op. */
  readonly more?: number;
}

/** Checks that the calls make so many dispatches, and leave everywhere what they leave one by one. */
function check(rows: readonly Row[], dispatches: number): void {
  test.each(rows)("$what", async ({ what, calls, more = 0 }) => {
    const alone = await run(calls, true);
    const together = await run(calls, false);
    expect(alone.dispatches).toBe(calls.length + more);
    expect(together.dispatches).toBe(dispatches + more);
    expectClose(together.floats, alone.floats, joinTolerance, `${what}, seed 3`);
  });
}

const convolutions: readonly (readonly [string, Conv2dShape])[] = [
  [5, 7, 3, 10],
  [4, 4, 4, 2],
  [3, 6, 5, 12],
  [9, 5, 1, 4],
  [1, 9, 3, 10],
].flatMap(([inChannels, outChannels, kernelWidth, lanes]) =>
  [1, 2].map((stride) => {
    const kernelHeight = 3;
    const [outHeight, outWidth] = [5, 4];
    const [inHeight, inWidth] = [4 * stride + kernelHeight, 3 * stride + kernelWidth!];
    const sizes = { inChannels: inChannels!, inHeight, inWidth, outChannels: outChannels!, outHeight, outWidth };
    const shape = { ...sizes, kernelHeight, kernelWidth: kernelWidth!, stride, lanes: lanes! };
    return [`${inChannels} to ${outChannels}, 3 × ${kernelWidth}, ${lanes} lanes, stride ${stride}`, shape] as const;
  }),
);
const outputs = ({ outChannels, outHeight, outWidth, lanes }: Conv2dShape): number =>
  outChannels * outHeight * outWidth * lanes;

/** The adjoint of a convolution of stride 1 over an input with a frame of zeros. */
function adjoint(shape: Conv2dShape): Conv2dBackwardDataShape {
  const { inHeight, inWidth, stride: _, ...rest } = shape;
  return { ...rest, inHeight: inHeight - 2, inWidth: Math.max(1, inWidth - 2), padding: 1 };
}

const linears: readonly (readonly [string, LinearShape])[] = [
  [7, 5, 10],
  [8, 4, 2],
  [13, 9, 12],
  [300, 6, 10],
].map(([inFeatures, outFeatures, lanes]) => [
  `${inFeatures} to ${outFeatures}, ${lanes} lanes`,
  { inFeatures: inFeatures!, outFeatures: outFeatures!, lanes: lanes! },
]);

const pooling: Pool2dShape = {
  ...{ channels: 3, inHeight: 7, inWidth: 6, outHeight: 3, outWidth: 3, kernelHeight: 3, kernelWidth: 2 },
  ...{ stride: 2, padding: 0, lanes: 10 },
};
const pooled = 3 * 3 * 3 * 10;
const { stride, ...window } = pooling;
const averaging: AvgPool2dShape = { ...window, strideHeight: stride, strideWidth: stride };
const perChannel: NormShape = { channels: 5, groups: 5, area: 9, images: 9, lanes: 10, acrossImages: false };
const perChannelFloats = 5 * 9 * 10;
const local: LocalResponseNormShape = { channels: 5, area: 6, lanes: 10, size: 4, alpha: 0.1, beta: 0.75, k: 1 };
const localFloats = 5 * 6 * 10;

describe("both halves of a tangent are one dispatch", () => {
  check(
    [
      ...convolutions.flatMap(([what, shape]): Row[] => [
        {
          what: `conv2dForward, ${what}`,
          calls: [
            (ops) => ops.conv2dForward(y, rx, w, none, shape, false),
            (ops) => ops.conv2dForward(y, x, v, other, shape, true),
          ],
        },
        {
          what: `conv2dBackwardWeights, ${what}`,
          calls: [
            (ops) => ops.conv2dBackwardWeights(w, v, x, shape, false),
            (ops) => ops.conv2dBackwardWeights(w, y, rx, shape, true),
          ],
        },
      ]),
      ...convolutions
        .filter(([, { stride }]) => stride === 1)
        .map(
          ([what, shape]): Row => ({
            what: `conv2dBackwardData, ${what}`,
            calls: [
              (ops) => ops.conv2dBackwardData(x, y, w, adjoint(shape), true),
              (ops) => ops.conv2dBackwardData(x, rx, v, adjoint(shape), true),
            ],
          }),
        ),
      ...linears.flatMap(([what, shape]): Row[] => [
        {
          what: `linearForward, ${what}`,
          calls: [
            (ops) => ops.linearForward(y, rx, w, other, shape, false),
            (ops) => ops.linearForward(y, x, v, none, shape, true),
          ],
        },
        {
          what: `linearBackwardData, ${what}`,
          calls: [
            (ops) => ops.linearBackwardData(x, y, w, shape, false),
            (ops) => ops.linearBackwardData(x, rx, v, shape, true),
          ],
        },
        {
          what: `linearBackwardWeights, ${what}`,
          calls: [
            (ops) => ops.linearBackwardWeights(w, v, x, shape, true),
            (ops) => ops.linearBackwardWeights(w, y, rx, shape, true),
          ],
        },
      ]),
    ],
    1,
  );
});

describe("the gradients of weights and bias are one dispatch", () => {
  check(
    [
      ...convolutions.flatMap(([what, shape]) =>
        [false, true].map((add): Row => {
          const { outChannels, outHeight, outWidth, lanes } = shape;
          return {
            what: `conv2d, ${what}, accumulate ${add}`,
            calls: [
              (ops) => ops.conv2dBackwardWeights(w, y, x, shape, add),
              (ops) => ops.conv2dBackwardWeights(w, v, rx, shape, true),
              (ops) => ops.sumRows(other, y, outChannels, outHeight * outWidth * lanes, add),
            ],
          };
        }),
      ),
      ...linears.flatMap(([what, shape]) =>
        [false, true].map(
          (add): Row => ({
            what: `linear, ${what}, accumulate ${add}`,
            calls: [
              (ops) => ops.linearBackwardWeights(w, y, x, shape, add),
              (ops) => ops.sumRows(other, y, shape.outFeatures, shape.lanes, add),
            ],
          }),
        ),
      ),
    ],
    1,
  );
});

const [, convolution] = convolutions[0]!;
const [, layer] = linears[0]!;
const [, long] = linears[3]!;
const layerOutputs = (shape: LinearShape): number => shape.outFeatures * shape.lanes;

describe("a ReLU in the place of what an op gives, and its mask, are a part of that op", () => {
  const ops: readonly (readonly [name: string, call: Call, floats: number, more?: number])[] = [
    ["conv2dForward", (ops) => ops.conv2dForward(y, x, w, other, convolution, false), outputs(convolution)],
    ["linearForward", (ops) => ops.linearForward(y, x, w, other, layer, false), layerOutputs(layer)],
    ["linearForward of long sums", (ops) => ops.linearForward(y, x, w, none, long, true), layerOutputs(long)],
    ["linearBackwardData", (ops) => ops.linearBackwardData(y, x, w, layer, false), layer.inFeatures * layer.lanes],
    [
      "conv2dBackwardData",
      (ops) => ops.conv2dBackwardData(y, x, w, adjoint(convolution), false),
      convolution.inChannels * (convolution.inHeight - 2) * Math.max(1, convolution.inWidth - 2) * convolution.lanes,
    ],
    ["avgPool2dBackward", (ops) => ops.avgPool2dBackward(y, x, averaging), 3 * 7 * 6 * 10],
    ["normForward", (ops) => ops.normForward(y, v, x, w, other, 1e-5, perChannel), perChannelFloats, 1],
    ["normForwardR", (ops) => ops.normForwardR(y, other, rx, x, v, w, none, none, perChannel), perChannelFloats, 1],
    ["localResponseNormBackward", (ops) => ops.localResponseNormBackward(y, v, rx, x, place(6), local), localFloats, 1],
    ["maxPool2dForward", (ops) => ops.maxPool2dForward(y, v, x, pooling), pooled],
  ];
  check(
    ops.flatMap(([name, call, n, more = 0]): Row[] => [
      { what: `${name} and reluForward`, calls: [call, (ops) => ops.reluForward(y, y, n)], more },
      { what: `${name} and reluMask`, calls: [call, (ops) => ops.reluMask(y, rx, y, n)], more },
    ]),
    1,
  );
  test("maxPool2dGather, both halves of linearForward and their mask", async () => {
    const calls: Call[] = [
      (ops) => ops.maxPool2dForward(other, v, x, pooling),
      (ops) => ops.maxPool2dGather(y, v, rx, pooling),
      (ops) => ops.reluMask(y, other, y, pooled),
      (ops) => ops.linearForward(place(6), rx, w, none, layer, false),
      (ops) => ops.linearForward(place(6), x, w, none, layer, true),
      (ops) => ops.reluMask(place(6), other, place(6), layerOutputs(layer)),
    ];
    const [alone, together] = [await run(calls, true), await run(calls, false)];
    expect([alone.dispatches, together.dispatches]).toEqual([6, 3]);
    expectClose(together.floats, alone.floats, joinTolerance, "tangents and masks, seed 3");
  });
});

describe("two dispatches remain", () => {
  const n = outputs(convolution);
  const one: Call = (ops) => ops.conv2dForward(y, x, w, none, convolution, false);
  const product: Call = (ops) => ops.linearForward(y, x, w, none, layer, false);
  const gradient: Call = (ops) => ops.linearBackwardWeights(w, y, x, layer, false);
  const wider = { ...convolution, inWidth: convolution.inWidth + 1 };
  const narrower = { ...layer, inFeatures: layer.inFeatures - 1 };
  check(
    [
      {
        what: "where the second does not add",
        calls: [one, (ops) => ops.conv2dForward(y, rx, v, none, convolution, false)],
      },
      { what: "of another shape", calls: [one, (ops) => ops.conv2dForward(y, rx, v, none, wider, true)] },
      { what: "of another depth", calls: [product, (ops) => ops.linearForward(y, rx, v, none, narrower, true)] },
      { what: "with other outputs", calls: [one, (ops) => ops.conv2dForward(other, rx, v, none, convolution, true)] },
      {
        what: "where the second reads what the first gave",
        calls: [product, (ops) => ops.linearForward(y, x, y - 1 + layerOutputs(layer), none, layer, true)],
      },
      {
        what: "where the second's bias lies in what the first gave",
        calls: [product, (ops) => ops.linearForward(y, rx, v, y + 3, layer, true)],
      },
      {
        what: "with a bias each",
        calls: [
          (ops) => ops.linearForward(y, x, w, other, layer, false),
          (ops) => ops.linearForward(y, rx, v, place(6), layer, true),
        ],
      },
      { what: "of an op and a ReLU into another place", calls: [one, (ops) => ops.reluForward(other, y, n)] },
      { what: "of an op and a ReLU of a part of it", calls: [one, (ops) => ops.reluForward(y, y, n - 4)] },
      { what: "of an op and a mask by its own output", calls: [one, (ops) => ops.reluMask(y, y, y, n)] },
      {
        what: "of an op and a mask that begins in its output",
        calls: [one, (ops) => ops.reluMask(y, y + n - 1, y, n)],
      },
      {
        what: "of a gradient and sums of other rows",
        calls: [gradient, (ops) => ops.sumRows(other, v, layer.outFeatures, layer.lanes, false)],
      },
      {
        what: "of a gradient and sums that lie in its factor",
        calls: [gradient, (ops) => ops.sumRows(x + 2, y, layer.outFeatures, layer.lanes, false)],
      },
    ],
    2,
  );
  test("where a read lies between", async () => {
    backend.reserve(first + size);
    write(backend, first, paint(size, 3));
    const { dispatches } = backend.counts;
    product(backend.ops);
    const read = backend.read(y, 1);
    backend.ops.linearForward(y, rx, v, none, layer, true);
    await Promise.all([read, backend.read(y, 1)]);
    expect(backend.counts.dispatches - dispatches).toBe(2);
  });
});

test("networks side by side join their own dispatches alone", async () => {
  backend.reserve(first + size);
  write(backend, first, paint(size, 3));
  const { dispatches } = backend.counts;
  backend.sideBySide(2, (i) => {
    backend.ops.linearForward(place(i), place(2), place(3), none, layer, false);
    backend.ops.linearForward(place(i), place(4), place(5), none, layer, true);
  });
  const [a, b] = [await backend.read(place(0), layerOutputs(layer)), await backend.read(place(1), layerOutputs(layer))];
  expect(backend.counts.dispatches - dispatches).toBe(1);
  expect(b).toEqual(a);
});
