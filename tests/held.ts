/**
 * Measures the memory of the tests of one file, whatever others of the same process do.
 *
 * @module
 */

/** How many octets the objects and buffers of this file's tests take, with those that are not yet collected. */
export function octetsHeld(): number {
  const { heapTotal, external } = Deno.memoryUsage();
  return heapTotal + external;
}
