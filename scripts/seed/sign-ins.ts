/** The demo's two accounts. Their passwords are public, because they exist only in the demo's own database. */
export const SIGN_INS = {
  admin: { name: "Imke Alder", email: "admin@example.com", password: "correct-horse" },
  clerk: { name: "Tom Finch", email: "clerk@example.com", password: "battery-staple" },
} as const;
