// A file of bytes, which the build for pages puts into a module (scripts/build.mjs).
declare module "*.gz" {
  const bytes: Uint8Array;
  export default bytes;
}
