export { Checklist } from "./checklist";
