/**
 * The part of `docs/extensions.md` that the extensions say of themselves.
 * @module
 */
import { on } from "../handler/handler.ts";
import type { About } from "../server/extension.ts";
import { extensionsOn } from "../server/extensions.ts";
import { NOT_OFFERED } from "../server/queue_extensions.ts";
import { type Parts, table } from "./page.ts";

/** What a server with all extensions has. */
const EVERYTHING = {
  certificates: { ready: true },
  authentication: { mechanisms: [], listeners: [], clearLoopback: false },
  policy: on("StartQueue", (_event, next) => next()),
  xclient: { peers: [], login: true },
  hold: { longest: 1, now: Date.now },
  requireTls: true,
};

/** What every extension says of itself. */
export const abouts = (): readonly About[] =>
  [...extensionsOn(EVERYTHING), ...NOT_OFFERED].map(({ about }) => about);

/** The part of the page: a table of the extensions. */
export const extensionsParts = (): Parts =>
  new Map([[
    "extensions",
    table(
      ["Extension", "RFC", "Offered", "What handlers see", "Test"],
      abouts().map(({ name, rfc, where, seen, test }) => [
        `\`${name}\``,
        rfc.map((number) => `[${number}](https://www.rfc-editor.org/rfc/rfc${number})`).join(", "),
        where,
        seen,
        `[${test}](../tests/${test})`,
      ]),
    ),
  ]]);
