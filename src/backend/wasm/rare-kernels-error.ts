// Thrown by an op whose kernel is a rare one (assembly/rare/) that a page has not loaded. The engine then takes a backend that has
// all kernels, and the work begins again (Engine.compute), so nobody who calls the library sees this.
export class RareKernelsError extends Error {
  override readonly name = "RareKernelsError";

  constructor() {
    super("this op needs kernels that a page loads on demand: call it by an engine, which loads them");
  }
}
