// A GPU object whose adapters and devices can be made to fail: what drivers do on other people's machines.

/** Plain object with the members of a native one; `changes` win. Methods keep their object. */
function wrap(native, changes) {
  return new Proxy({}, {
    get(_, key) {
      if (key in changes) return changes[key];
      const value = native[key];
      return typeof value === 'function' ? value.bind(native) : value;
    },
    set(_, key, value) { native[key] = value; return true; },
    has: (_, key) => key in native,
  });
}

/**
 * gpu with faults: limits { name: value }, features (a Set), device(device) -> changes of the device's members. The
 * devices that were made are in `devices`.
 */
export function faulty(gpu, { limits = {}, features, info, device = () => ({}) } = {}) {
  const devices = [];
  return {
    devices,
    async requestAdapter(options) {
      const adapter = await gpu.requestAdapter(options);
      if (adapter === null) return null;
      return wrap(adapter, {
        limits: wrap(adapter.limits, limits),
        ...(features ? { features } : {}),
        ...(info ? { info } : {}),
        async requestDevice(descriptor) {
          const made = await adapter.requestDevice(descriptor);
          const changes = device(made, devices.length);
          devices.push(made);
          return wrap(made, changes);
        },
      });
    },
  };
}
