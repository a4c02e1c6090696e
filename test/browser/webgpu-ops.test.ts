// A fourth of the tests of ops on WebGPU in a page; test/slow/webgpu-ops-in-chromium.test.ts runs all.
import { testOpsInChromium } from "./in-page/ops.ts";

testOpsInChromium({ oneIn: 4, seed: 1 });
