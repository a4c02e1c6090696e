// Counts what a device is given, by wrapping its calls: whatever the library does with it, the counts are those of the device.

/** The counts of a device. Bytes are those that cross between host and device; `held` is the size of all its buffers. */
const zero = () => ({ dispatches: 0, submissions: 0, reads: 0, uploaded: 0, downloaded: 0, held: 0, buffers: 0 });

/** Returns `object` with the method `name` followed by `after(result, arguments)`. */
function following(object, name, after) {
  const original = object[name].bind(object);
  object[name] = (...args) => {
    const result = original(...args);
    after(result, args);
    return result;
  };
}

/** The bytes that a call of `writeBuffer` sends. Offset and size count elements of an array, and bytes of a buffer. */
export function writtenBytes(data, offset = 0, size = undefined) {
  const unit = data.BYTES_PER_ELEMENT ?? 1;
  return size === undefined ? data.byteLength - offset * unit : size * unit;
}

/** Counts the bytes of a buffer until it is destroyed, and those that are mapped of it. */
function observeBuffer(buffer, counts) {
  counts.buffers++;
  counts.held += buffer.size;
  let alive = true;
  following(buffer, "destroy", () => {
    if (!alive) return;
    alive = false;
    counts.buffers--;
    counts.held -= buffer.size;
  });
  following(buffer, "mapAsync", (_, [, offset = 0, size = buffer.size - offset]) => {
    counts.reads++;
    counts.downloaded += size;
  });
}

/** Starts to count what this device is given; returns the counts, which go on changing. */
export function observe(device) {
  const counts = zero();
  following(device, "createBuffer", (buffer) => observeBuffer(buffer, counts));
  following(device, "createCommandEncoder", (encoder) => {
    following(encoder, "beginComputePass", (pass) => {
      following(pass, "dispatchWorkgroups", () => {
        counts.dispatches++;
      });
    });
  });
  const { queue } = device;
  following(queue, "submit", () => {
    counts.submissions++;
  });
  following(queue, "writeBuffer", (_, [, , data, offset, size]) => {
    counts.uploaded += writtenBytes(data, offset, size);
  });
  return counts;
}

/** Returns what was counted between two copies of the counts; `held` and `buffers` as they are afterwards. */
export function between(before, after) {
  const difference = Object.keys(after).map((name) => [name, after[name] - before[name]]);
  return { ...Object.fromEntries(difference), held: after.held, buffers: after.buffers };
}

/** Returns that WebGPU, which gives each device to `opened` before anyone uses it. */
export function withDevices(gpu, opened) {
  return {
    requestAdapter: async (options) => {
      const adapter = await gpu.requestAdapter(options);
      if (!adapter) return adapter;
      const original = adapter.requestDevice.bind(adapter);
      adapter.requestDevice = async (wanted) => {
        const device = await original(wanted);
        opened(device);
        return device;
      };
      return adapter;
    },
  };
}
