// What the tests call in a page. `../distillate/` is the built library (test/browser/site.ts).
import * as library from "./distillate/index.js";
import { recipes } from "./recipes.js";

const all = recipes(library);

/** Digest of a recipe's set, and what the engine went without. */
async function digest(index, options = {}) {
  const notices = [];
  const set = await library
    .distill({ ...(await all[index]()), onNotice: (notice) => notices.push(notice), ...options })
    .result();
  return { digest: await library.setDigest(set), notices, isolated: crossOriginIsolated };
}

Object.assign(globalThis, { library, recipes: all, digest });
