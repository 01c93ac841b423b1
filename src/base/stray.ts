/**
 * Errors that nobody catches: of a promise that nobody awaits, of a timer, of a socket without a listener.
 * Each would end the process.
 *
 * @module
 */

/** Is given every such error, which then ends nothing, until it is disposed of. */
export function onStrayErrors(act: (error: unknown) => void): Disposable {
  const rejected = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    act(event.reason);
  };
  const thrown = (event: ErrorEvent) => {
    event.preventDefault();
    act(event.error);
  };
  addEventListener("unhandledrejection", rejected);
  addEventListener("error", thrown);
  return {
    [Symbol.dispose]: () => {
      removeEventListener("unhandledrejection", rejected);
      removeEventListener("error", thrown);
    },
  };
}
