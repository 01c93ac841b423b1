/** Look-alikes of the end of data that have carried smuggled messages past other servers. */
export const LOOK_ALIKES: readonly string[] = [
  "\n.\n",
  "\n.\r\n",
  "\r\n.\n",
  "\r.\r",
  "\r.\r\n",
  "\r\n.\r",
  "\r\n.\rX\n",
  "\r\r\n.\r\r\n",
  "\r\n.\r\r\n",
  "\r\n.\n\r\n",
  "\n\r.\r\n",
  "\n.\r",
  "\r.\n",
  "\n\n.\n\n",
  "\r\n\0.\r\n",
  "\r\n.\0\r\n",
  "\r\0\n.\r\n",
  "\r\n.\r\0\n",
  "\r\n.\0\r\0\n",
  "\r\n. \r\n",
  "\r\n.\t\r\n",
  "\r\n\t.\r\n",
  "\r\n..\r\n",
  "\x85.\x85",
  "\xe2\x80\xa8.\xe2\x80\xa8",
  "\x0b.\x0b",
  "\x0c.\x0c",
];

/** Whether a look-alike, with a command behind it, has a CR or an LF that is no part of a CRLF. */
export const isBare = (fake: string): boolean => /(?<!\r)\n|\r(?!\n)/.test(fake);
