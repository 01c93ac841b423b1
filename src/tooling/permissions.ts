/**
 * What a compiled program may do, and why.
 *
 * @module
 */

/** The permissions that are compiled into the program; it has no others, and never asks for one. */
export const PERMISSIONS = {
  "--allow-net":
    "listens for clients, logs to a syslog server, and asks what handlers ask: the DNS, a database",
  "--allow-read": "reads the configuration, modules of handlers, and files of users and aliases",
  "--allow-write":
    "writes the log, variables that persist, Unix sockets, and large messages while they are delivered",
  "--allow-run": "runs mailers, and `deno check` for `postmaster check`",
  "--allow-env": "reads TMPDIR, NO_COLOR and PATH, and what handlers are told through variables",
  "--allow-sys":
    "goes by the system's host name, keeps its state in the home directory of its user, must know who that is to run mailers as others, and sets the umask; `postmaster init` looks for the addresses of the machine",
  "--allow-ffi":
    "calls the C library to give up root, and gives this permission up before it loads a handler or greets a client",
} as const;
