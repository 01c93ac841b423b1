/**
 * What tells one text from another.
 * @module
 */
import { createHash } from "node:crypto";

/** The SHA-256 of a text. */
export const digest = (text: string): string => createHash("sha256").update(text).digest("base64");
