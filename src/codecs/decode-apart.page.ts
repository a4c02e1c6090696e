// A page decodes pictures where they are, mostly in a worker of its own, which the user ends with the page.
export { decodeHere as decodeApart } from "./decode-here.ts";

/** Never thrown here. */
export class TooSlowError {}
