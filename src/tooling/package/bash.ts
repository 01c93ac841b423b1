/**
 * Completions for Bash.
 * @module
 */
import type { Place } from "./places.ts";

/** A file for `bash-completion/completions`. Where no word fits, Bash completes names of files. */
export const bashCompletions = (places: readonly Place[]): string =>
  `# Completions of postmaster for Bash.
_postmaster() {
  local current=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD - 1]} at='' word words=''
  COMPREPLY=()
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$at $word" in
      ${alternatives(places.filter(({ path }) => path.length > 0).map(nameOf))}) at+=" $word" ;;
    esac
  done
  case "$at:$before" in
${places.flatMap(choices).join("\n")}
  esac
  [ -n "$words" ] || case "$at" in
${places.map(whatFollows).join("\n")}
  esac
  while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -W "$words" -- "$current")
}
complete -o default -F _postmaster postmaster
`;

/** The values of options, after which nothing else can follow. */
const choices = (place: Place): string[] =>
  place.options.filter(({ value }) => value !== "none").map(({ short, long, value }) => {
    const names = [short, long].filter((name) => name !== undefined);
    const words = typeof value === "string" ? "return" : `words='${value.join(" ")}'`;
    return `    ${alternatives(names.map((name) => `${nameOf(place)}:${name}`))}) ${words} ;;`;
  });

const whatFollows = (place: Place): string => {
  const words = [
    ...place.commands.map(({ name }) => name),
    ...place.options.map(({ long }) => long),
    "--help",
  ];
  return `    '${nameOf(place)}') words='${words.join(" ")}' ;;`;
};

const nameOf = ({ path }: Place): string => path.map((name) => ` ${name}`).join("");
const alternatives = (texts: readonly string[]): string =>
  texts.map((text) => `'${text}'`).join(" | ");
