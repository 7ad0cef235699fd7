export { NewReview } from "./new-review";
export { ReviewFrame } from "./review-frame";
export { Reviews } from "./reviews";
export { Station } from "./station";
