// The module's interface: what the orchestrator and the kernel threads call. No code.
export { Activation } from "./activation";
export { jobAddress, jobSize, Kernel } from "./job";
export { dispatch, setSpins, stopThreads, threadMain } from "./thread";
export { dotFinish } from "./vector";
