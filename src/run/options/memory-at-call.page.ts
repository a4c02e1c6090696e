// What a page does in the place of memory-at-call.ts: nothing, because the run itself refuses before it takes memory.
export function checkMemoryAtCall(): void {}
