// What the stations of the walkthrough show, computed from two frozen designs. Pure.
export { type Access, type AccessChange, type AccessComparison, compareAccess } from "./access";
export { compareFindings, type FindingStanding } from "./findings";
export { type ChangePicture, changePicture, type PictureBox, type PictureLine } from "./picture";
export { type Crossing, OUTSIDE, type TrustView, trustView } from "./trust";
