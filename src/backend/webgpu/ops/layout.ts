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

export function layoutOps({ record }: Recorder): Pick<Ops, "packImages" | "unpackImages" | "embed2d"> {
  return {
    packImages: (out, images, { features, images: images_, lanes }) =>
      record(pack, features * lanes, { features, images_, lanes }, { out, images }),
    unpackImages: (out, x, { features, images, lanes }) =>
      record(unpack, features * images, { features, lanes }, { out, x }),
    embed2d(out, x, { channels, height, width, outHeight, outWidth, top, left, spread, lanes }) {
      const numbers = { height, width, out_height: outHeight, out_width: outWidth, top, left, spread, lanes };
      record(embed, channels * outHeight * outWidth * lanes, numbers, { out, x });
    },
  };
}
