/**
 * Uncaught errors: of a promise without `await`, of a timer, of a socket without a listener.
 * @module
 */

/** Calls `act` with every uncaught error, until it is disposed of; without a listener, one would end the process. */
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
