// The mark of a resource that is kept whole among the fields that are kept of an object.
export const WHOLE = "resource ";
export const isWholeResource = (path: string) => path.startsWith(WHOLE);
