/** Replaces control characters, because a name or value may contain sequences that a terminal would obey. */
export const visible = (text: string): string => text.replaceAll(/\p{Cc}/gu, "�");
