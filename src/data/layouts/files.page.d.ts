// A file of bytes, as the build for pages puts it into a module (scripts/build.mjs).
declare module "*.gz" {
  const bytes: Uint8Array;
  export default bytes;
}
