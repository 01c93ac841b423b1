/**
 * Random orders.
 * @module
 */

/** The same things in a random order. */
export function shuffled<T>(things: readonly T[], random: () => number): T[] {
  return things.map((thing) => ({ thing, lot: random() })).toSorted((a, b) => a.lot - b.lot)
    .map(({ thing }) => thing);
}
