/**
 * The signals that a daemon gets.
 * @module
 */

export type SignalActions = { readonly [S in Deno.Signal]?: () => void };

/** Calls the actions at their signals, until it is disposed of. */
export function onSignals(actions: SignalActions): Disposable {
  const entries = Object.entries(actions) as [Deno.Signal, () => void][];
  for (const [signal, action] of entries) Deno.addSignalListener(signal, action);
  return {
    [Symbol.dispose]: () => {
      for (const [signal, action] of entries) Deno.removeSignalListener(signal, action);
    },
  };
}
