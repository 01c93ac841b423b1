/**
 * What a compiled program may do, and why.
 *
 * @module
 */

/** A permission of Deno's. */
export interface Permission {
  /** The flag that gives it. */
  readonly flag: string;
  readonly reason: string;
}

/** The permissions that are compiled into the program; it has no others, and never asks for one. */
export const PERMISSIONS: readonly Permission[] = [
  {
    flag: "--allow-net",
    reason:
      "listens for clients, logs to a syslog server, and asks what handlers ask: the DNS, a database",
  },
  {
    flag: "--allow-read",
    reason: "reads the configuration, modules of handlers, and files of users and aliases",
  },
  {
    flag: "--allow-write",
    reason:
      "writes the log, variables that persist, Unix sockets, and large messages while they are delivered",
  },
  { flag: "--allow-run", reason: "runs mailers, and `deno check` for `postmaster check`" },
  {
    flag: "--allow-env",
    reason: "reads TMPDIR, NO_COLOR and PATH, and what handlers are told through variables",
  },
  {
    flag: "--allow-sys",
    reason:
      "goes by the system's host name, keeps its state in the home directory of its user, must know who that is to run mailers as others, and sets the umask; `postmaster init` looks for the addresses of the machine",
  },
  {
    flag: "--allow-ffi",
    reason:
      "calls the C library to give up root, and gives this permission up before it loads a handler or greets a client",
  },
];
