// A decoded picture, and the limit that holds for every decoder.

/** The bytes of a grey (1) or RGB (3) picture, channels fastest: [height, width, channels]. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly data: Uint8Array;
}

/** Which file is decoded, and how large its picture may be. */
export interface DecodeOptions {
  readonly name: string;
  /** A file of more pixels is refused before memory is taken. Default 2²⁴, which is 16.8 megapixels. */
  readonly maximumPixels?: number | undefined;
}

export const defaultMaximumPixels: number = 2 ** 24;
