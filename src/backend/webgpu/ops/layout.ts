// How images lie in memory, on a GPU: one thread a float of the output.
import type { Ops } from "../../ops.ts";
import type { Recorder } from "../recorder.ts";
import type { Shader } from "../shader.ts";

const pack = {
  name: "packImages",
  numbers: { features: "u", images_: "u", lanes: "u" },
  operands: ["out", "images"],
  body: `
  let b = id % lanes;
  var value = 0.0;
  if (b < images_) { value = m[images + b * features + id / lanes]; }
  m[out + id] = value;`,
} as const satisfies Shader;

const unpack = {
  name: "unpackImages",
  numbers: { features: "u", lanes: "u" },
  operands: ["out", "x"],
  body: "m[out + id] = m[x + (id % features) * lanes + id / features];",
} as const satisfies Shader;

const embed = {
  name: "embed2d",
  numbers: {
    ...{ height: "i", width: "i", out_height: "u", out_width: "u" },
    ...{ top: "i", left: "i", spread: "i", lanes: "u" },
  },
  operands: ["out", "x"],
  body: `
  let pixel = id / lanes;
  let row = i32(pixel / out_width % out_height) - top;
  let column = i32(pixel % out_width) - left;
  var value = 0.0;
  if (row >= 0 && column >= 0 && row % spread == 0 && column % spread == 0 && row < height * spread && column < width * spread) {
    let c = i32(pixel / (out_width * out_height));
    value = m[x + u32((c * height + row / spread) * width + column / spread) * lanes + id % lanes];
  }
  m[out + id] = value;`,
} as const satisfies Shader;

const gathering = { images_: "u", lanes: "u", source_lanes: "u" } as const;

const gather = {
  name: "gatherImages",
  numbers: gathering,
  operands: ["out", "x", "columns"],
  body: `
  let i = id % lanes;
  var value = 0.0;
  if (i < images_) {
    let column = m[columns + i];
    if (column >= 0.0 && column < f32(source_lanes)) { value = m[x + id / lanes * source_lanes + u32(column)]; }
  }
  m[out + id] = value;`,
} as const satisfies Shader;

/** One thread for each float of each image: no two images go to the same column. */
const scatter = {
  name: "scatterImages",
  numbers: gathering,
  operands: ["out", "x", "columns"],
  body: `
  let i = id % images_;
  let k = id / images_;
  let column = m[columns + i];
  if (column >= 0.0 && column < f32(source_lanes)) { m[out + k * source_lanes + u32(column)] += m[x + k * lanes + i]; }`,
} as const satisfies Shader;

type LayoutOps = "packImages" | "unpackImages" | "embed2d" | "gatherImages" | "scatterImages";

export function layoutOps({ record }: Recorder): Pick<Ops, LayoutOps> {
  return {
    packImages: (out, images, { features, images: images_, lanes }) =>
      record(pack, features * lanes, { features, images_, lanes }, { out, images }),
    unpackImages: (out, x, { features, images, lanes }) =>
      record(unpack, features * images, { features, lanes }, { out, x }),
    embed2d(out, x, { channels, height, width, outHeight, outWidth, top, left, spread, lanes }) {
      const numbers = { height, width, out_height: outHeight, out_width: outWidth, top, left, spread, lanes };
      record(embed, channels * outHeight * outWidth * lanes, numbers, { out, x });
    },
    gatherImages: (out, x, columns, { features, images: images_, lanes, sourceLanes: source_lanes }) =>
      record(gather, features * lanes, { images_, lanes, source_lanes }, { out, x, columns }),
    scatterImages: (out, x, columns, { features, images: images_, lanes, sourceLanes: source_lanes }) =>
      record(scatter, features * images_, { images_, lanes, source_lanes }, { out, x, columns }),
  };
}
