// What is used of the npm package `webgpu`, an optional peer, which need not be installed to compile this library.
declare module "webgpu" {
  export function create(flags: readonly string[]): GPU;
}
