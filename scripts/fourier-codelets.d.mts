/** A side of 9a points, for planes of up to `data` rows and columns and kernels of up to `taps`. */
export interface FourierSide {
  readonly a: number;
  readonly data: number;
  readonly taps: number;
}

export const fourierSides: readonly FourierSide[];

/** The source of the codelets of one side. */
export function codeletSource(side: FourierSide): string;
