// Some of the tests of ops on WebGPU in a page; test/slow/webgpu-in-chromium.test.ts runs all.
import { testInChromium } from "./in-page/in-chromium.ts";

testInChromium("ops", { oneIn: 8, seed: 1 });
