// A decoded picture, and the limit that holds for every decoder.

/** Bytes of grey (1) or RGB (3), channels fastest: [height, width, channels]. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly data: Uint8Array;
}

/** Which file is decoded, as errors call it. */
export interface DecodeOptions {
  readonly name: string;
  /** More pixels than this are refused before memory is taken. Default 2²⁴, which is 16.8 megapixels. */
  readonly maximumPixels?: number | undefined;
}

export const defaultMaximumPixels: number = 2 ** 24;
