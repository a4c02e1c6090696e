// A device that computes nothing and takes any amount of work. With it the library plans a step as it would for a GPU, at once
// and without memory, so that dispatches and bytes can be counted where no GPU could take the step.

/** What every float is that is read. A loss, a norm and a learning rate of 1 are ones with which a run goes on. */
const VALUE = 1;

/** The largest buffer of a device that has plenty of memory. */
const LARGEST = 2 ** 32 - 4;

const nothing = () => {};

function nullBuffer({ size }) {
  return {
    size,
    destroy: nothing,
    unmap: nothing,
    mapAsync: async () => {},
    getMappedRange: (offset = 0, length = size - offset) => new Float32Array(length / 4).fill(VALUE).buffer,
  };
}

const nullPass = () => ({
  setPipeline: nothing,
  setBindGroup: nothing,
  dispatchWorkgroups: nothing,
  end: nothing,
});

const nullEncoder = () => ({
  beginComputePass: nullPass,
  copyBufferToBuffer: nothing,
  clearBuffer: nothing,
  finish: () => ({}),
});

/** Returns such a device. */
export function nullDevice() {
  return {
    limits: {
      maxBufferSize: LARGEST,
      maxStorageBufferBindingSize: LARGEST,
      maxStorageBuffersPerShaderStage: 8,
      minStorageBufferOffsetAlignment: 256,
      maxComputeWorkgroupStorageSize: 16_384,
      maxComputeInvocationsPerWorkgroup: 256,
      maxComputeWorkgroupsPerDimension: 65_535,
    },
    features: new Set(),
    lost: new Promise(nothing),
    queue: { submit: nothing, writeBuffer: nothing, onSubmittedWorkDone: async () => {} },
    createBuffer: nullBuffer,
    createCommandEncoder: nullEncoder,
    createBindGroupLayout: () => ({}),
    createPipelineLayout: () => ({}),
    createBindGroup: () => ({}),
    createShaderModule: () => ({ getCompilationInfo: async () => ({ messages: [] }) }),
    createComputePipelineAsync: async () => ({}),
    pushErrorScope: nothing,
    popErrorScope: async () => null,
    destroy: nothing,
  };
}
