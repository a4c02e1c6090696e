// A module worker that a user's page starts by itself, and that uses the library.
import * as library from "./distillate/index.js";
import { recipes } from "./recipes.js";

globalThis.onmessage = async ({ data: options }) => {
  const notices = [];
  const onNotice = (notice) => notices.push(notice);
  try {
    const run = library.distill({ ...(await recipes(library)[0]()), ...options, onNotice });
    const digest = await library.setDigest(await run.result());
    postMessage({ digest, notices });
  } catch (error) {
    postMessage({ error: `${error.name}: ${error.message}`, notices });
  }
};
