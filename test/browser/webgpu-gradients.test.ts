// Some of the tests of derivatives on WebGPU in a page; test/slow/webgpu-in-chromium.test.ts runs all.
import { testInChromium } from "./in-page/in-chromium.ts";

testInChromium("gradients", { oneIn: 12, seed: 1 });
