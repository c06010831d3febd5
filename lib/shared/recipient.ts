/**
 * The form of a public key in Bech32: X25519, or a longer post-quantum or tag key. The checksum is not included here;
 * it is checked when the key is used.
 */
export const RECIPIENT = /^age1[02-9ac-hj-np-z]{58,}$/i;
