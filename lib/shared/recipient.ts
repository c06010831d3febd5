/** A public key in Bech32: X25519, or a longer post-quantum or tag key. Its checksum is checked when it is used. */
export const RECIPIENT = /^age1[02-9ac-hj-np-z]{58,}$/i;
