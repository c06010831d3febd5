const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];
const [OPEN, CLOSE, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];

/**
 * Whether JSON stays within the limits for depth and number of values. Call it before parsing: parsing `{},{},…` takes
 * fifty times the text's size in memory, and half a minute. It does not check whether the JSON is valid.
 */
export function isModestJson(
  json: Uint8Array,
  { maxDepth, maxValues }: { maxDepth: number; maxValues: number },
): boolean {
  let depth = 0;
  let values = 0;
  for (let at = 0; at < json.length; at++) {
    const byte = json[at];
    if (byte === QUOTE) {
      at = endOfString(json, at);
    } else if (byte === OPEN || byte === OPEN_OBJECT) {
      if (++depth > maxDepth || ++values > maxValues) return false;
    } else if (byte === COMMA) {
      if (++values > maxValues) return false;
    } else if (byte === CLOSE || byte === CLOSE_OBJECT) depth--;
  }
  return true;
}

/** Returns the index of the closing quote of the string that begins at `start`, or the end of the text. */
function endOfString(json: Uint8Array, start: number): number {
  let at = start + 1;
  while (at < json.length && json[at] !== QUOTE) at += json[at] === BACKSLASH ? 2 : 1;
  return at;
}
