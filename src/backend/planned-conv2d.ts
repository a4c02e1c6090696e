// A convolution as planners see it.
/** What decides how a convolution is computed, beside the number of lanes. Sizes in elements. */
export interface PlannedConv2d {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly outHeight: number;
  readonly outWidth: number;
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  readonly stride: number;
}

/** The same with what lies around its input. */
export interface PaddedConv2d extends PlannedConv2d {
  /** Zeros on every side. */
  readonly padding: number;
}
