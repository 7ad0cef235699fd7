export { AdoptionTable } from "./adoption-table";
export { ServiceAdoption } from "./service-adoption";
