// Writes JPEGs for tests with mozjpeg's encoder, the other half of the decoder's package.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import factory from "@jsquash/jpeg/codec/enc/mozjpeg_enc.js";
import { defaultOptions } from "@jsquash/jpeg/meta.js";

/** Pixels as bytes, channels fastest. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly data: Uint8Array;
}

export interface EncodeOptions {
  readonly quality?: number;
  readonly progressive?: boolean;
  /** 1: colours have the resolution of brightness (4:4:4); 2: half of it both ways (4:2:0). */
  readonly subsampling?: 1 | 2;
}

const require = createRequire(import.meta.url);
const encoder = new WebAssembly.Module(readFileSync(require.resolve("@jsquash/jpeg/codec/enc/mozjpeg_enc.wasm")));
const module = await factory({
  noInitialRun: true,
  instantiateWasm(imports: WebAssembly.Imports, callback: (instance: WebAssembly.Instance) => void) {
    const instance = new WebAssembly.Instance(encoder, imports);
    callback(instance);
    return instance.exports;
  },
} as never);

/** Encodes these pixels as a JPEG: with one component if they are grey, three if they are RGB. */
export function encodeJpeg({ width, height, channels, data }: Pixels, options: EncodeOptions = {}): Uint8Array {
  const { quality = 75, progressive = false, subsampling = 1 } = options;
  const rgba = Uint8Array.from({ length: 4 * width * height }, (_, i) => {
    const [pixel, c] = [Math.floor(i / 4), i % 4];
    return c === 3 ? 255 : data[channels * pixel + (channels === 3 ? c : 0)]!;
  });
  const encoded = module.encode(rgba, width, height, {
    ...defaultOptions,
    ...{ quality, progressive, baseline: !progressive },
    ...{ auto_subsample: false, chroma_subsample: subsampling, color_space: channels === 3 ? 3 : 1 },
  });
  return encoded.slice();
}
