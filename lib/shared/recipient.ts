/** Bech32 without its checksum, which is checked when it is used: X25519, or a longer post-quantum or tag key. */
export const RECIPIENT = /^age1[02-9ac-hj-np-z]{58,}$/i;
