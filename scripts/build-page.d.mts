import type { Plugin } from "esbuild";

/** The sources that a page's worker gets in the place of modules, by their paths in src/. */
export const standIns: Readonly<Record<string, string>>;

/** The sources that some modules of a page's worker get in the place of src/checks/<name>.ts, by name. */
export const nothingToCheck: Readonly<Record<string, string>>;

/** Leaves texts for a terminal and for the documentation out of declared options. */
export const withoutHelp: Plugin;

/** The modules that a page loads together when something runs in the page itself, by the name of the file. */
export const inPlace: Readonly<Record<string, readonly string[]>>;

/** The plugins with which a page's worker is built as one file. */
export const pageWorkerSources: Plugin[];

/** The plugins with which it is built in parts. */
export const workerPartSources: Plugin[];

/** Loads `name.page.ts` instead of `name.ts`, if it exists. */
export const pageSources: Plugin;
