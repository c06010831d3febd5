/** A name or value may hold what a terminal would carry out. */
export const visible = (text: string): string => text.replaceAll(/\p{Cc}/gu, "�");
