/**
 * Where a filter listens.
 * @module
 */
import { kinds } from "postmaster/making";

/** A Unix socket, or a port of a host. */
export type FilterAddress = { readonly path: string } | {
  readonly host: string;
  readonly port: number;
};

/** An option that says where a filter listens. */
export const filterAddress: ReturnType<typeof kinds.text<FilterAddress>> = kinds.text(
  "an address such as `127.0.0.1:8891`",
  parseAddress,
);

function parseAddress(text: string): FilterAddress {
  const path = /^unix:(\/[^\0]+)$/.exec(text)?.[1];
  if (path !== undefined) return { path };
  const [, host = "", inner = host, port = ""] = /^(\[(.*)\]|[^:[\]\s/]+):(\d{1,5})$/.exec(text) ??
    [];
  if (host === "" || Number(port) < 1 || Number(port) > 65_535) {
    throw new TypeError(
      `\`${text}\` is no address of a filter: write one such as 127.0.0.1:8891, [::1]:8891 or unix:/run/filter/filter.sock`,
    );
  }
  return { host: inner, port: Number(port) };
}

/** `unix:/run/filter.sock` or `127.0.0.1:8891`. */
export function printAddress(address: FilterAddress): string {
  if ("path" in address) return `unix:${address.path}`;
  const { host, port } = address;
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}
