/**
 * Counts octets that are copied, which is what takes the time where code handles octets.
 *
 * @module
 */

/** How many octets are copied with `set` and `slice` of `Uint8Array` while `run` runs. */
export function octetsCopied(run: () => void): number {
  const { set, slice } = Uint8Array.prototype;
  let copied = 0;
  Uint8Array.prototype.set = function (this: Uint8Array, from: ArrayLike<number>, at?: number) {
    copied += from.length;
    set.call(this, from, at);
  };
  Uint8Array.prototype.slice = function (this: Uint8Array, start?: number, end?: number) {
    const part = slice.call(this, start, end) as Uint8Array<ArrayBuffer>;
    copied += part.length;
    return part;
  };
  try {
    run();
  } finally {
    Object.assign(Uint8Array.prototype, { set, slice });
  }
  return copied;
}
