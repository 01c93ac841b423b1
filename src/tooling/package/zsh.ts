/**
 * Completions for Zsh.
 * @module
 */
import type { Flag, Place } from "./places.ts";

/** A file for `zsh/vendor-completions`, with a function for each command. */
export const zshCompletions = (places: readonly Place[]): string =>
  `#compdef postmaster
# Completions of postmaster for Zsh.
${places.map(functionOf).join("\n")}
_postmaster "$@"
`;

function functionOf(place: Place): string {
  const name = ["_postmaster", ...place.path].join("_");
  const options = ["'(- *)--help[display help]'", ...place.options.map(option)];
  if (place.commands.length === 0) {
    const rest = place.files ? "'*:file:_files'" : "'*: :'";
    return `${name}() {\n  _arguments -s ${[...options, rest].join(CONTINUED)}\n}`;
  }
  const words = place.commands.map(({ name, about }) => quote(`${name}:${about}`));
  return `${name}() {
  local state line
  _arguments -C ${[...options, "'1: :->command'", "'*:: :->rest'"].join(CONTINUED)}
  case $state in
    command)
      local -a commands=(${words.join(" ")})
      _describe command commands
      ;;
    rest) (( $+functions[${name}_$line[1]] )) && ${name}_$line[1] ;;
  esac
}`;
}

const CONTINUED = " \\\n    ";

function option({ short, long, about, value }: Flag): string {
  const text = quote(`[${about.replaceAll(/[[\]:]/g, "\\$&")}]${valueOf(value)}`);
  return short === undefined ? `${long}${text}` : `'(${short} ${long})'{${short},${long}}${text}`;
}

function valueOf(value: Flag["value"]): string {
  if (value === "none") return "";
  if (value === "file") return ":file:_files";
  return value === "other" ? ":value:" : `:value:(${value.join(" ")})`;
}

const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
