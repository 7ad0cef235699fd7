// Revocation lists among the authorities of clients: they are given, kept and taken away with them, in one PEM text.

const LIST = /-----BEGIN X509 CRL-----[^-]*-----END X509 CRL-----\n?/g;

/** "": there are none. */
export const revocationListsIn = (pem: string): string => (pem.match(LIST) ?? []).join("");

export const hasRevocationLists = (pem: string): boolean => pem.search(LIST) >= 0;

export const withoutRevocationLists = (pem: string): string => pem.replaceAll(LIST, "");
