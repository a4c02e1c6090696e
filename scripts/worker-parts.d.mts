/** The modules that each part of a page's worker begins with, by its name. */
export const beginnings: Readonly<Record<string, readonly string[]>>;
