/**
 * The ready-made handlers by the names that a configuration calls them by.
 * @module
 */
import { definitionOf, type HandlerDefinition } from "../src/handler/define.ts";
import * as all from "./ready_made.ts";
import { registry } from "./nested.ts";

for (const factory of Object.values(all)) {
  const definition = definitionOf(factory);
  if (definition !== undefined) registry.set(definition.name, definition);
}

/** The ready-made handlers by their names in a configuration. */
export const readyMade: ReadonlyMap<string, HandlerDefinition> = registry;
