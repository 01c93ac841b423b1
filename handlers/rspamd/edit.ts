/**
 * The fields that rspamd wants in a message, and those that it does not.
 * @module
 */
import { inOctets, putFields } from "../filters/fields.ts";
import type { EditableHeader } from "../filters/header.ts";
import type { RspamdAnswer } from "./answer.ts";

/** Changes a header as `milter`, `dkim-signature` and `subject` of an answer say. */
export function edit(header: EditableHeader, answer: RspamdAnswer, rewrites: boolean): void {
  const { milter, subject, "dkim-signature": signatures = [] } = answer;
  for (const [name, index] of Object.entries(milter.remove_headers)) {
    if (isName(name)) remove(header, name, index);
  }
  for (const [name, fields] of Object.entries(milter.add_headers)) {
    for (const field of [fields].flat()) {
      const { value, order } = typeof field === "string" ? { value: field } : field;
      if (isName(name)) add(header, name, value, order);
    }
  }
  for (const signature of [signatures].flat()) add(header, "DKIM-Signature", signature, 0);
  if (rewrites && subject !== undefined) putFields(header, { Subject: subject });
}

const isName = (name: string): boolean => /^[!-9;-~]{1,200}$/.test(name);

/** Deletes the field that is the `index`-th of its name, from the end if that is negative; 0 deletes all. */
function remove(header: EditableHeader, name: string, index: number): void {
  if (index === 0) return header.remove(name);
  const place = index > 0 ? index : header.count(name) + 1 + index;
  if (place >= 1) header.change(place, name, "", false);
}

/** Adds a field at a place from the top, from the end if that is negative; without one, at the end. */
function add(header: EditableHeader, name: string, value: string, order = -1): void {
  const count = header.count();
  const place = order >= 0 ? order : Math.max(count + 1 + order, 0);
  header.insert(Math.min(place, count), name, inOctets(value), false);
}
