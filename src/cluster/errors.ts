// What goes wrong between machines.

/**
 * A server of a cluster that cannot be used: it is not there, refuses the password, is too old, or is full when a run begins. The message
 * names the server and says what to do.
 */
export class ClusterError extends Error {
  override readonly name = "ClusterError";
}
