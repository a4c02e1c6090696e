// How Stryker changes the part of the measured code that MEASURED_PART names (mutation.mjs runs it).
import { parts } from "./files.mjs";

const [, , { files }] = parts.find(([, name]) => name === process.env.MEASURED_PART);

export default {
  mutate: [files],
  testRunner: "vitest",
  vitest: { configFile: "test/measured/vitest.config.mjs", related: false },
  coverageAnalysis: "perTest",
  // What runs while a module is loaded cannot be switched by test.
  ignoreStatic: true,
  concurrency: 1,
  timeoutMS: 10_000,
  tempDirName: "build/mutation/sandbox",
  ignorePatterns: ["/bench", "/docs", "/dist", "/build", "/runs", "/.ci"],
  reporters: ["progress-append-only", "json", "clear-text"],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  jsonReporter: { fileName: `build/mutation/${process.env.MEASURED_PART}.json` },
  incremental: true,
  incrementalFile: `build/mutation/${process.env.MEASURED_PART}.incremental.json`,
  allowEmpty: true,
};
