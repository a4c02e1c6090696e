// Stands in for test/golden.ts where tests run in a worker of a page, whose site has the files if there are any.
export const goldenPlace = new URL("golden/", location.href).href;
export const goldenPresent = true;

/** Returns the bytes of an array, waiting for them. */
export function golden(name: string): ArrayBuffer {
  const request = new XMLHttpRequest();
  request.open("GET", `${goldenPlace}lenet.${name}.bin`, false);
  request.responseType = "arraybuffer";
  request.send();
  if (request.status !== 200) throw new Error(`the site has no lenet.${name}.bin: status ${request.status}`);
  return request.response;
}
