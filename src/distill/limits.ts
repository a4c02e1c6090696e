// How large a run may be, whatever its model.

/** Steps times epochs: a plan names the memory of each, so that far more would not be planned in a reasonable time. */
export const mostInnerSteps = 16_384;

/** No more images of a block fit into a memory of 4 GiB, whatever their size. */
export const mostImagesPerStep = 1_048_576;
