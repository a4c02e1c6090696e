// What a kernel thread in Node starts with. Bundled into a string by scripts/build.mjs; nothing imports it.
import { nodeModule } from "../../platform/platform.ts";
import { type ThreadStart, threadMain } from "./thread-main.ts";

const { parentPort, workerData } = nodeModule<typeof import("node:worker_threads")>("node:worker_threads");
threadMain(workerData as ThreadStart, () => parentPort!.postMessage("ready"));
