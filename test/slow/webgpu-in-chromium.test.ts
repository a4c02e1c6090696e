// All tests of ops and of derivatives on WebGPU in a page. That takes minutes, so test/browser/ draws some of them.
import { testInChromium } from "../browser/in-page/in-chromium.ts";

testInChromium("ops", { oneIn: 1, seed: 1 });
testInChromium("gradients", { oneIn: 1, seed: 1 });
