export { Import } from "./import";
