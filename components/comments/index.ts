export { objectName } from "./object-name";
export { usePinComment, usePinnedComments } from "./pinned";
