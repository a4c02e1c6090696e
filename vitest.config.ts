import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { otherTests, quickTests } from "./test/delayed/choice.ts";
import { delayed } from "./test/delayed/plugin.ts";
import { filesWithMoreWays } from "./test/thorough.ts";
import { excluded, gpuTests } from "./test/webgpu/choice.ts";

/** How long a busy machine may take until what is asked for again and again is there. */
const expectation = { poll: { timeout: 30_000 } };

/** Of every project that compares arrays of millions of numbers. */
const usual = { setupFiles: "test/equal-arrays.ts", testTimeout: 120_000, expect: expectation };

export default defineConfig({
  test: {
    globalSetup: "test/tools.ts",
    // Three test files at once even on two cores: many wait for a program or a page that they started.
    maxWorkers: Math.max(3, availableParallelism() - 1),
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["test/slow/**", "test/browser/**", "test/delayed/**", "test/webgpu/**"],
          ...usual,
        },
      },
      { plugins: [delayed()], test: { name: "delayed", include: quickTests, ...usual } },
      { plugins: [delayed()], test: { name: "delayed-rest", include: otherTests, ...usual } },
      {
        test: {
          name: "webgpu",
          include: [...gpuTests],
          exclude: Object.keys(excluded),
          env: { BACKEND: "webgpu" },
          ...usual,
        },
      },
      {
        test: {
          name: "browser",
          include: ["test/browser/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          expect: expectation,
        },
      },
      {
        test: {
          name: "thorough",
          include: [...filesWithMoreWays],
          env: { THOROUGH: "1" },
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
      { test: { name: "slow", include: ["test/slow/**/*.test.ts"], testTimeout: 3_600_000, hookTimeout: 60_000 } },
    ],
  },
});
