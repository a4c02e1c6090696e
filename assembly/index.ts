// The module's interface: what the orchestrator and the kernel threads call. No code.
export { dispatch, setSpins, stopThreads, threadMain } from "./thread";
