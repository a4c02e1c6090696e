// Limits on the size of a run, whatever its model.

/** The most steps times epochs: a plan counts the memory of each, and would take too long with more. */
export const mostInnerSteps = 16_384;

/** The most images in a block: more do not fit into a memory of 4 GiB, whatever their size. */
export const mostImagesPerStep = 1_048_576;
