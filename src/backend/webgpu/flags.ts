// The flags of the WebGPU specification. Node has no global that holds them.
export const STAGE_COMPUTE = 4;
export const MAP_READ = 1;
export const USAGE = { mapRead: 1, copySource: 4, copyTarget: 8, storage: 128 } as const;
