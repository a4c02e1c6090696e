// All tests of ops on WebGPU in a page. That takes a minute or two, so test/browser/webgpu-ops.test.ts draws some of them.
import { testOpsInChromium } from "../browser/in-page/ops.ts";

testOpsInChromium({ oneIn: 1, seed: 1 });
