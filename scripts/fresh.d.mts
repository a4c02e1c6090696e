/** Returns whether the last build in `root` ended well, of the sources that are there now, and what it wrote still stands. */
export function isFresh(root: string): boolean;

/** Builds where dist/ is not what the sources are. Throws where that fails, after the build's own output. */
export function ensureBuilt(root: string): void;
