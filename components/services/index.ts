export { ServicePage } from "./service-page";
export { Services } from "./services";
